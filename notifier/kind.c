/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Each kind of device or program has words of its own, so that nobody has to think about what "removable storage" is.
 * Where files do belong is the policy's to say: no place is named here. */

#include "notifier/kind.h"

#include <glib/gi18n.h>

static const struct kind kinds[_NOTICE_DEVICE_MAX] = {
        [NOTICE_USB_DISK] = {
                N_("This USB stick stays shut"),
                N_("This USB stick is for reading only"),
                N_("USB sticks and disks get lost easily, so your school keeps files off them."),
                N_("It is not encrypted. USB sticks and disks get lost easily, so your school opens only encrypted ones."),
                "drive-removable-media",
                N_("USB stick"),
        },
        [NOTICE_SD_CARD] = {
                N_("This memory card stays shut"),
                N_("This memory card is for reading only"),
                N_("Memory cards get lost easily, so your school keeps files off them."),
                N_("It is not encrypted. Memory cards get lost easily, so your school opens only encrypted ones."),
                "media-flash",
                N_("memory card"),
        },
        [NOTICE_OPTICAL] = {
                N_("This CD or DVD stays shut"),
                N_("This CD or DVD is for reading only"),
                N_("CDs and DVDs get lost easily, so your school keeps files off them."),
                NULL,
                "media-optical",
                N_("CD or DVD"),
        },
        [NOTICE_EXTERNAL_DISK] = {
                N_("This external disk stays shut"),
                N_("This external disk is for reading only"),
                N_("External disks get lost easily, so your school keeps files off them."),
                N_("It is not encrypted. External disks get lost easily, so your school opens only encrypted ones."),
                "drive-harddisk",
                N_("external disk"),
        },
        [NOTICE_PHONE] = {
                N_("Your phone can charge here, but not share files"),
                NULL,
                N_("Phones get lost easily, so your school keeps files off them."),
                NULL,
                "phone",
                N_("phone"),
        },
        [NOTICE_CAMERA] = {
                N_("The photos on this device stay shut"),
                NULL,
                N_("Cameras and phones get lost easily, so your school keeps files off them. Charging works as usual."),
                NULL,
                "camera-photo",
                N_("camera"),
        },
        [NOTICE_SYNC] = {
                N_("This app copies files to a place of its own"),
                NULL,
                N_("Files about pupils and colleagues are only safe where your school looks after them, so please keep them out of it."),
                NULL,
                "dialog-information",
                N_("app that copies files"),
        },
        [NOTICE_CHAT] = {
                N_("This app is not for school"),
                NULL,
                N_("Messages about pupils and colleagues are only safe where your school looks after them."),
                NULL,
                "dialog-information",
                N_("chat app"),
        },
        [NOTICE_BACKUP] = {
                N_("This app backs up files to a place of its own"),
                NULL,
                N_("Files about pupils and colleagues are only safe where your school looks after them, so please keep them out of it."),
                NULL,
                "dialog-information",
                N_("app that makes backups"),
        },
        [NOTICE_OTHER] = {
                N_("This device stays shut"),
                N_("This device is for reading only"),
                N_("Small devices get lost easily, so your school keeps files off them."),
                N_("It is not encrypted. Small devices get lost easily, so your school opens only encrypted ones."),
                "drive-removable-media",
                N_("device"),
        },
};

/* Of news that are the same whatever it is about. */
static const struct kind_news all_news[_NOTICE_NEWS_MAX] = {
        [NOTICE_GRANT_OPENED] = {
                N_("This device is open for a while"),
                N_("Before it closes you get a notice here, so that you can save your work."),
        },
        [NOTICE_GRANT_ENDING] = {
                N_("Two more minutes for this device"),
                N_("It was opened for you for a while, and closes in two minutes. Please save your work and close what is "
                   "open on it."),
        },
        [NOTICE_GRANT_EXTENDED] = {
                N_("Please close what is open on this device"),
                N_("Its time is over, and something on it is still in use. It closes in two minutes. Please save your work "
                   "now."),
        },
        [NOTICE_GRANT_ENDED] = {
                N_("This device is closed again"),
                N_("What was saved on it is safe, and you can take it out."),
        },
        [NOTICE_CLIENT_STOPPED] = {
                N_("This app has been closed"),
                N_("It works with a place outside your school. Your own files are still where they were."),
        },
        [NOTICE_EARLIER] = { N_("Plugged in before you were here"), NULL },
        [NOTICE_SEVERAL] = { N_("Several devices, told at once"), NULL },
};

const struct kind *kind_of(enum notice_device device)
{
        return &kinds[device];
}

const struct kind_news *kind_news_of(enum notice_news news)
{
        return all_news[news].title ? &all_news[news] : NULL;
}
