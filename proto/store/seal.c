/*
 * Sealing; see store/seal.h.  Pure but for the key's file, any thread.  The form is
 * one octet, 1, a random nonce of 12, what is sealed, and a tag of 16.
 */

#include "store/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk/layout.h"

#define FORM 1
#define NONCE 12
#define TAG 16

static int
read_key(const char *path, uint8_t key[PLATEN_SEAL_KEY_LEN])
{
    ssize_t n;
    int     fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0) {
        return errno == ENOENT ? PLATEN_NOT_FOUND : PLATEN_ERROR;
    }
    n = read(fd, key, PLATEN_SEAL_KEY_LEN);
    close(fd);
    if (n == PLATEN_SEAL_KEY_LEN) {
        return PLATEN_OK;
    }
    errno = EINVAL;
    return PLATEN_ERROR;
}

/* A new key under a name of its own: whole, and on the disk. */
static int
write_key(const char *dir, char *name)
{
    uint8_t     key[PLATEN_SEAL_KEY_LEN];
    struct stat st;
    int         fd, rc = -1, saved;

    fd = mkostemp(name, O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    /* NGINX's workers and platend share the store by its directory's group. */
    if (stat(dir, &st) == 0 && fchown(fd, (uid_t) -1, st.st_gid) != 0) {
        errno = 0; /* it is the group of whoever makes it, then */
    }
    if (fchmod(fd, 0640) == 0 && getrandom(key, sizeof(key), 0) == (ssize_t) sizeof(key)
        && write(fd, key, sizeof(key)) == (ssize_t) sizeof(key) && fsync(fd) == 0) {
        rc = 0;
    }
    saved = errno;
    explicit_bzero(key, sizeof(key));
    close(fd);
    errno = saved;
    return rc;
}

int
platen_seal_key(const char *dir, int create, uint8_t key[PLATEN_SEAL_KEY_LEN])
{
    char path[PLATEN_PATH_MAX + sizeof(PLATEN_SEAL_FILE)], name[sizeof(path) + 8];
    int  rc, saved;

    snprintf(path, sizeof(path), "%.*s/" PLATEN_SEAL_FILE, PLATEN_PATH_MAX - 1, dir);
    rc = read_key(path, key);
    if (rc != PLATEN_NOT_FOUND || !create) {
        return rc;
    }

    /* A link takes the place of no other's, so that all have the same in the end. */
    snprintf(name, sizeof(name), "%s.XXXXXX", path);
    rc = write_key(dir, name);
    if (rc == 0 && link(name, path) != 0 && errno != EEXIST) {
        rc = -1;
    }
    saved = errno;
    (void) unlink(name);
    errno = saved;
    return rc != 0 || platen_layout_sync_dir(dir) != 0 ? PLATEN_ERROR : read_key(path, key);
}

int
platen_seal_is(platen_str_t s)
{
    return s.len >= PLATEN_SEAL_MORE && *s.data == FORM;
}

int
platen_seal(const uint8_t key[PLATEN_SEAL_KEY_LEN], platen_str_t plain, char *out)
{
    uint8_t        *at = (uint8_t *) out;
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int             n, ok;

    at[0] = FORM;
    ok = c != NULL && plain.len <= INT32_MAX && getrandom(at + 1, NONCE, 0) == NONCE
         && EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, at + 1) == 1
         && EVP_EncryptUpdate(c, at + 1 + NONCE, &n, (const uint8_t *) plain.data,
                              (int) plain.len)
                == 1
         && n == (int) plain.len && EVP_EncryptFinal_ex(c, at + 1 + NONCE + n, &n) == 1
         && EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG, at + 1 + NONCE + plain.len) == 1;
    EVP_CIPHER_CTX_free(c);
    return ok ? PLATEN_OK : PLATEN_ERROR;
}

int
platen_seal_open(const uint8_t key[PLATEN_SEAL_KEY_LEN], platen_str_t sealed, char *out)
{
    const uint8_t  *at = (const uint8_t *) sealed.data;
    uint8_t         tag[TAG];
    EVP_CIPHER_CTX *c;
    size_t          len;
    int             n, ok;

    if (!platen_seal_is(sealed) || sealed.len > INT32_MAX) {
        return PLATEN_CORRUPT;
    }
    len = sealed.len - PLATEN_SEAL_MORE;
    memcpy(tag, at + 1 + NONCE + len, TAG);
    c = EVP_CIPHER_CTX_new();
    ok = c != NULL && EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, at + 1) == 1
         && EVP_DecryptUpdate(c, (uint8_t *) out, &n, at + 1 + NONCE, (int) len) == 1
         && EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG, tag) == 1
         && EVP_DecryptFinal_ex(c, (uint8_t *) out + len, &n) == 1;
    EVP_CIPHER_CTX_free(c);
    return ok ? PLATEN_OK : PLATEN_CORRUPT;
}
