/*
 * readers: holds read transactions of a store open until it is killed, as a
 * process would that has stopped, or that has been killed with them.
 *
 *   readers STORE COUNT    prints how many it has, once it has them
 *   readers STORE list     prints who has one, as LMDB tells it, and ends
 */

#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
print_line(const char *line, void *data)
{
    (void) data;
    return fputs(line, stdout);
}

int
main(int argc, char **argv)
{
    MDB_env *env;
    MDB_txn *txn;
    long     n = 0, want;
    int      rc;

    if (argc != 3) {
        fprintf(stderr, "usage: readers STORE COUNT\n");
        return 2;
    }
    want = strtol(argv[2], NULL, 10);

    rc = mdb_env_create(&env);
    if (rc == MDB_SUCCESS) {
        rc = mdb_env_open(env, argv[1], MDB_NOTLS | MDB_RDONLY, 0660);
    }
    if (rc == MDB_SUCCESS && strcmp(argv[2], "list") == 0) {
        return mdb_reader_list(env, print_line, NULL) < 0;
    }
    while (rc == MDB_SUCCESS && n < want) {
        rc = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn);
        n += rc == MDB_SUCCESS;
    }
    /* Full: whoever has a place as well has taken it before. */
    if (rc == MDB_READERS_FULL) {
        rc = MDB_SUCCESS;
        n = want;
    }
    if (rc != MDB_SUCCESS) {
        fprintf(stderr, "readers: %s\n", mdb_strerror(rc));
        return 1;
    }

    printf("%ld\n", n);
    fflush(stdout);
    for (;;) {
        pause();
    }
}
