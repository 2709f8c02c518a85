# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for lekdicht-collector. What is offered is held against its --help by tests/unit/test-completion.py.

_lekdicht_collector()
{
        local typed=${COMP_WORDS[COMP_CWORD]}

        COMPREPLY=()
        case " ${COMP_WORDS[*]:1:COMP_CWORD-1} " in
        *' -c ' | *' --config ')
                mapfile -t COMPREPLY < <(compgen -f -- "$typed")
                # It only works where somebody types.
                compopt -o filenames 2>/dev/null
                ;;
        *' --role ') mapfile -t COMPREPLY < <(compgen -W "viewer it privacy-officer auditor" -- "$typed") ;;
        *' --laptops ' | *' --days ' | *' --site ' | *' adduser ' | *' deluser '* | *' passwd '* | *' users '* | *' audit ' | *' token revoke ' | *' revoke ') ;;
        *' token ') mapfile -t COMPREPLY < <(compgen -W "add list revoke" -- "$typed") ;;
        *' token add '*) mapfile -t COMPREPLY < <(compgen -W "--laptops --days" -- "$typed") ;;
        *' adduser '*) mapfile -t COMPREPLY < <(compgen -W "--role --site" -- "$typed") ;;
        *' token '*) ;;
        *) mapfile -t COMPREPLY < <(compgen -W "token revoke adduser deluser passwd users audit -c --config -h --help -V --version" -- "$typed") ;;
        esac
}

complete -F _lekdicht_collector lekdicht-collector
