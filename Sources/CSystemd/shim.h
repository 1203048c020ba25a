// SPDX-License-Identifier: Apache-2.0
#include <systemd/sd-daemon.h>
// Without the macros that add this header's own file and line to every entry of the journal.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>
