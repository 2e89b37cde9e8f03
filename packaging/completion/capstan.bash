# bash completion for capstan; made by `capstan completion bash`
_capstan() {
    local word=${COMP_WORDS[COMP_CWORD]} words=
    if ((COMP_CWORD == 1)); then
        words="run check allocate simulate top status reference completion version help"
    else
        case ${COMP_WORDS[1]} in
        run) words="--mode= --http= --http-port-file= --state-folder= --log-level= --ticks= --help" ;;
        check) words="--site= --strict --json --help" ;;
        allocate) words="--objective= --json --help" ;;
        simulate) words="--jobs= --carbon= --deadline= --interruptible --pause-cost= --grace= --forecast-noise= --seed= --capacity= --limit-kw= --node-power= --threshold= --json= --csv= --html= --help" ;;
        top) words="--url= --once --interval= --nodes --width= --help" ;;
        status) words="--url= --text --nodes --help" ;;
        reference) words="--example= site policy --help" ;;
        completion) words="bash --help" ;;
        version) words="--help" ;;
        help) words="--help" ;;
        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi
}
complete -o default -F _capstan capstan
