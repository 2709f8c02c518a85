/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "cli/certificate.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

#include "common/cleanup.h"

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END   "-----END CERTIFICATE-----"

DEFINE_CLEANUP(cleanup_bio, BIO *, BIO_free)
DEFINE_CLEANUP(cleanup_x509, X509 *, X509_free)

/* One that is encrypted is none of ours, and nobody is asked for a password on the terminal. */
static int no_password(char *buffer, int size, int writing, void *userdata)
{
        (void) buffer;
        (void) size;
        (void) writing;
        (void) userdata;
        return -1;
}

int certificate_end(const char *text, int64_t *ret)
{
        const char *begin = strstr(text, BEGIN), *end = begin ? strstr(begin, END) : NULL;
        CLEANUP(cleanup_x509) X509 *certificate = NULL;
        CLEANUP(cleanup_bio) BIO *bio = NULL;
        struct tm tm;

        if (!end)
                return -ENOENT;
        bio = BIO_new_mem_buf(begin, (int) (end + strlen(END) - begin));
        if (!bio)
                return -ENOMEM;
        certificate = PEM_read_bio_X509(bio, NULL, no_password, NULL);
        ERR_clear_error();
        if (!certificate || i2d_X509(certificate, NULL) > (int) CERTIFICATE_MAX ||
            ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) != 1)
                return -EBADMSG;
        *ret = timegm(&tm);
        return 0;
}
