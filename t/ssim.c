/*
 * How alike two grey pictures are: SSIM (Wang et al. 2004) for t/fidelity, which
 * no package of Debian 12 computes.
 *
 *   ssim A.pgm B.pgm [A.pgm B.pgm...]
 *
 * One line to a pair: the mean of the index over windows of 8 by 8 pixels, 4
 * apart, from -1 to 1 (the same).  Windows that are white in both pictures do
 * not count: a page with three words on it is not alike to an empty one.  What
 * one picture has and the other, being smaller, has not, is compared with white.
 * Exits 2 with a sentence if a file is no binary PGM of 8 bits.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW 8
#define STEP 4
#define WHITE 255

typedef struct {
    unsigned       width, height;
    unsigned char *pixels;
} picture_t;

static int
load(const char *path, picture_t *picture)
{
    FILE    *in = fopen(path, "rb");
    unsigned most = 0;
    size_t   size;

    if (in == NULL) {
        perror(path);
        return -1;
    }
    picture->pixels = NULL;
    if (fscanf(in, "P5 %u %u %u", &picture->width, &picture->height, &most) == 3
        && most == WHITE && fgetc(in) != EOF && picture->width < 32768
        && picture->height < 32768) {
        size = (size_t) picture->width * picture->height;
        picture->pixels = malloc(size + 1);
        if (picture->pixels != NULL && fread(picture->pixels, 1, size, in) != size) {
            free(picture->pixels);
            picture->pixels = NULL;
        }
    }
    fclose(in);
    if (picture->pixels == NULL) {
        fprintf(stderr, "%s is no binary PGM of 8 bits\n", path);
        return -1;
    }
    return 0;
}

static double
pixel(const picture_t *picture, unsigned x, unsigned y)
{
    return x < picture->width && y < picture->height
               ? picture->pixels[(size_t) y * picture->width + x]
               : WHITE;
}

/* Of one window; -2 if there is nothing in it. */
static double
window(const picture_t *a, const picture_t *b, unsigned left, unsigned top)
{
    const double n = WINDOW * WINDOW, c1 = 0.01 * WHITE * 0.01 * WHITE,
                 c2 = 0.03 * WHITE * 0.03 * WHITE;
    double   sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0, p, q, va, vb, vab;
    unsigned x, y;

    for (y = top; y < top + WINDOW; y++) {
        for (x = left; x < left + WINDOW; x++) {
            p = pixel(a, x, y);
            q = pixel(b, x, y);
            sa += p;
            sb += q;
            saa += p * p;
            sbb += q * q;
            sab += p * q;
        }
    }
    if (sa + sb >= 2 * n * WHITE) {
        return -2;
    }
    sa /= n;
    sb /= n;
    va = saa / n - sa * sa;
    vb = sbb / n - sb * sb;
    vab = sab / n - sa * sb;
    return (2 * sa * sb + c1) * (2 * vab + c2) / ((sa * sa + sb * sb + c1) * (va + vb + c2));
}

static double
ssim(const picture_t *a, const picture_t *b)
{
    unsigned width = a->width > b->width ? a->width : b->width;
    unsigned height = a->height > b->height ? a->height : b->height;
    unsigned x, y, count = 0;
    double   sum = 0, one;

    for (y = 0; y < height; y += STEP) {
        for (x = 0; x < width; x += STEP) {
            one = window(a, b, x, y);
            if (one > -2) {
                sum += one;
                count++;
            }
        }
    }
    return count == 0 ? 1 : sum / count;
}

int
main(int argc, char **argv)
{
    picture_t a, b;
    int       i;

    if (argc < 3 || argc % 2 == 0) {
        fprintf(stderr, "usage: ssim A.pgm B.pgm [A.pgm B.pgm...]\n");
        return 2;
    }
    for (i = 1; i < argc; i += 2) {
        if (load(argv[i], &a) != 0) {
            return 2;
        }
        if (load(argv[i + 1], &b) != 0) {
            free(a.pixels);
            return 2;
        }
        printf("%.4f\n", ssim(&a, &b));
        free(a.pixels);
        free(b.pixels);
    }
    return 0;
}
