# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for lekdicht and lekdicht-gate. What is offered is held against their --help by
# tests/unit/test-completion.py.

# What is plugged into USB, from /sys: the agent would want to know who asks.
_lekdicht_usb()
{
        local path

        for path in /sys/bus/usb/devices/[0-9]*-*; do
                case $path in
                *:* | *'*') ;;
                *) printf '%s\n' "${path##*/}" ;;
                esac
        done
}

# WORDS: offer those that begin with what is typed.
_lekdicht_offer()
{
        mapfile -t COMPREPLY < <(compgen -W "$1" -- "${COMP_WORDS[COMP_CWORD]}")
}

# A path; compopt only works where somebody types.
_lekdicht_files()
{
        mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
        compopt -o filenames 2>/dev/null
}

_lekdicht()
{
        local said="${COMP_WORDS[*]:1:COMP_CWORD-1} "

        COMPREPLY=()
        case $said in
        *' -n ' | *' --filter ' | *' --for ' | *' --reason ') ;;
        ' ') _lekdicht_offer "status doctor devices clients events learn audit-report allow revoke enroll gate policy help --help --version" ;;
        'gate ') _lekdicht_offer "close open" ;;
        'clients ') _lekdicht_offer "check --json" ;;
        'clients check ') _lekdicht_files ;;
        'policy ') _lekdicht_offer "check explain" ;;
        'status '* | 'doctor '* | 'devices '* | 'audit-report '*) _lekdicht_offer "--json" ;;
        'events '*) _lekdicht_offer "--follow -n --filter --json" ;;
        'allow ') _lekdicht_offer "--for --reason --read-only --keep $(_lekdicht_usb)" ;;
        'allow '*) _lekdicht_offer "--for --reason --read-only --keep" ;;
        'enroll '*' --label ' | 'enroll '*' --proxy ') ;;
        'enroll '*' --ca-file ' | 'enroll '*' --file ') _lekdicht_files ;;
        'enroll '*) _lekdicht_offer "--label --ca-file --proxy --file" ;;
        'learn ' | 'revoke ') _lekdicht_offer "$(_lekdicht_usb)" ;;
        'policy check ' | 'policy check --json ')
                if [[ ${COMP_WORDS[COMP_CWORD]} == -* ]]; then _lekdicht_offer "--json"; else _lekdicht_files; fi
                ;;
        'policy check '*) _lekdicht_offer "--json" ;;
        'policy explain ' | 'policy explain --json ') _lekdicht_offer "--json $(_lekdicht_usb)" ;;
        'policy explain '*) _lekdicht_offer "--json" ;;
        esac
}

_lekdicht_gate()
{
        COMPREPLY=()
        case "${COMP_WORDS[*]:1:COMP_CWORD-1} " in
        ' ') _lekdicht_offer "close open release readonly encrypted refuse cut serve status --help --version" ;;
        'close ') _lekdicht_offer "--boot" ;;
        'open ') _lekdicht_offer "--audit --until-reboot" ;;
        'release ' | 'readonly ' | 'encrypted ' | 'refuse ' | 'cut ') _lekdicht_offer "$(_lekdicht_usb)" ;;
        esac
}

complete -F _lekdicht lekdicht
complete -F _lekdicht_gate lekdicht-gate
