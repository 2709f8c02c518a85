/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From rclone's sources and from the package of Debian; where they differ, both names are here. */

#include "watcher/backend.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const struct {
        const char *type, *service;
} services[] = {
        { "azureblob", "azure" },
        { "azurefiles", "azure" },
        { "b2", "backblaze-b2" },
        { "box", "box" },
        { "cloudinary", "cloudinary" },
        { "drime", "drime" },
        { "drive", "google-drive" },
        { "dropbox", "dropbox" },
        { "fichier", "1fichier" },
        { "filefabric", "filefabric" },
        { "filelu", "filelu" },
        { "filen", "filen" },
        { "filescom", "filescom" },
        { "gcs", "google-cloud-storage" },
        { "gofile", "gofile" },
        { "google cloud storage", "google-cloud-storage" },
        { "google photos", "google-photos" },
        { "gphotos", "google-photos" },
        { "hidrive", "hidrive" },
        { "huaweidrive", "huaweidrive" },
        { "iclouddrive", "icloud" },
        { "imagekit", "imagekit" },
        { "internetarchive", "internet-archive" },
        { "internxt", "internxt" },
        { "jottacloud", "jottacloud" },
        { "koofr", "koofr" },
        { "linkbox", "linkbox" },
        { "mailru", "mailru" },
        { "mega", "mega" },
        { "netstorage", "netstorage" },
        { "onedrive", "onedrive" },
        { "opendrive", "opendrive" },
        { "oracleobjectstorage", "oracle" },
        { "pcloud", "pcloud" },
        { "pikpak", "pikpak" },
        { "pixeldrain", "pixeldrain" },
        { "premiumizeme", "premiumize" },
        { "protondrive", "proton-drive" },
        { "putio", "putio" },
        { "qingstor", "qingstor" },
        { "quatrix", "quatrix" },
        { "s3", "s3" },
        { "seafile", "seafile" },
        { "shade", "shade" },
        { "sharefile", "sharefile" },
        { "sia", "sia" },
        { "storj", "storj" },
        { "sugarsync", "sugarsync" },
        { "swift", "swift" },
        { "tardigrade", "storj" },
        { "ulozto", "ulozto" },
        { "yandex", "yandex-disk" },
        { "zoho", "zoho" },
};

static const char *const wrappers[] = { "alias", "archive",  "cache",  "chunker", "combine",
                                        "crypt", "compress", "hasher", "union" };
static const char *const local[] = { "local", "memory" };
static const char *const servers[] = { "ftp", "hdfs", "http", "sftp", "smb", "webdav" };

static bool is_one_of(const char *const *names, size_t n, const char *name)
{
        for (size_t i = 0; i < n; i++)
                if (strcmp(names[i], name) == 0)
                        return true;
        return false;
}

enum backend_kind backend_kind(const char *type, const char **ret_service)
{
        for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
                if (strcmp(services[i].type, type) == 0) {
                        *ret_service = services[i].service;
                        return BACKEND_SERVICE;
                }
        if (is_one_of(wrappers, sizeof(wrappers) / sizeof(wrappers[0]), type))
                return BACKEND_WRAPPER;
        if (is_one_of(local, sizeof(local) / sizeof(local[0]), type))
                return BACKEND_LOCAL;
        if (is_one_of(servers, sizeof(servers) / sizeof(servers[0]), type))
                return BACKEND_SERVER;
        return BACKEND_UNKNOWN;
}

const char *backend_service(const char *service)
{
        for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
                if (strcmp(services[i].service, service) == 0)
                        return services[i].service;
        return NULL;
}
