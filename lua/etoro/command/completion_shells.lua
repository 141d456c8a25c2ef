-- The scripts of etoro completion.

local command_completion = require "etoro.command.completion"
local core = require "etoro.core"

local M = {}

-- Of bash and zsh: what has been typed so far, and what is completed there. Words
-- are split at blanks; arrays are read without their numbers, which begin with 0
-- in the one and with 1 in the other.
local COMMON = [==[
_etoro_kept() {
  local file="${XDG_CACHE_HOME:-$HOME/.cache}/etoro/words/$1" line
  [[ -r $file ]] || return 0
  while IFS= read -r line; do found+=("$line"); done <"$file"
}

_etoro_profiles() {
  local file
  for file in "${XDG_CONFIG_HOME:-$HOME/.config}"/etoro/*; do
    [[ -f $file ]] && found+=("${file##*/}")
  done
}

# The value of an option that takes one, else nothing; 1 where it takes none.
_etoro_value() {
  local name i=0 value
  for name in "${valued[@]}"; do
    i=$((i + 1))
    if [[ $name == "$1" ]]; then
      for value in "${values[@]}"; do
        i=$((i - 1))
        if [[ $i == 0 ]]; then wanted=$value; return 0; fi
      done
    fi
  done
  return 1
}

# Reads the words before the one that is completed: sets wanted to what that one
# is completed by, or to "options" or "commands".
_etoro_look() {
  local word name i path= nth=0 skip= ended=
  account=demo wanted=
  _etoro_about ''
  for word in "$@"; do
    if [[ -n $skip ]]; then skip=; continue; fi
    if [[ -z $ended && $word == -- ]]; then ended=1; continue; fi
    if [[ $word == --real ]]; then account=real; fi
    if [[ -z $ended && $word == -* ]]; then
      if [[ $word != *=* ]] && _etoro_value "$word"; then skip=$wanted.; fi
      continue
    fi
    for name in "${commands[@]}"; do
      if [[ $name == "$word" ]]; then
        path="${path:+$path }$word"
        _etoro_about "$path"
        nth=-1
        break
      fi
    done
    nth=$((nth + 1))
  done
  if [[ -n $skip ]]; then wanted=${skip%.}; return; fi
  wanted=
  if [[ -z $ended && $current == --*=* ]]; then
    _etoro_value "${current%%=*}"
    current=${current#*=}
  elif [[ -z $ended && $current == -* ]]; then
    wanted=options
  elif [[ ${#commands[@]} -gt 0 ]]; then
    wanted=commands
  else
    i=0
    for name in "${arguments[@]}"; do
      if [[ $i == "$nth" || $endless == 1 ]]; then wanted=$name; fi
      if [[ $i == "$nth" ]]; then break; fi
      i=$((i + 1))
    done
  fi
}
]==]

local BASH = [==[

_etoro() {
  local -a commands command_texts options option_texts valued values arguments found
  local -a typed kinds
  local endless account wanted kind line current= stem strict
  COMPREPLY=()
  line=${COMP_LINE:0:COMP_POINT}
  [[ -n $line ]] || line="${COMP_WORDS[*]:0:COMP_CWORD+1}"
  read -ra typed <<<"$line"
  if [[ $line != *[[:blank:]] ]]; then
    current=${typed[${#typed[@]}-1]}
    unset "typed[${#typed[@]}-1]"
  fi
  _etoro_look "${typed[@]:1}"
  read -ra kinds <<<"$wanted"
  for kind in "${kinds[@]}"; do
    case $kind in
      options) found+=("${options[@]}") ;;
      commands) found+=("${commands[@]}") ;;
      @commands) _etoro_about ''; found+=("${commands[@]}") ;;
      @files) while IFS= read -r line; do found+=("$line"); done < <(compgen -f -- "$current")
        compopt -o filenames 2>/dev/null ;;
      @profiles) _etoro_profiles ;;
      @positions|@orders|@copies) _etoro_kept "$account.${kind#@}" ;;
      @*) _etoro_kept "${kind#@}" ;;
      *) found+=("$kind") ;;
    esac
  done
  # bash takes what stands behind the last colon or equals sign for the word
  stem=
  [[ $current == *:* && $COMP_WORDBREAKS == *:* ]] && stem="${current%:*}:"
  shopt -q nocasematch || strict=1
  shopt -s nocasematch
  for line in "${found[@]}"; do
    line=${line%%$'\t'*}
    if [[ $line == "$current"* ]]; then
      line=${line:${#stem}}
      [[ $wanted == @files ]] || printf -v line %q "$line"
      COMPREPLY+=("$line")
    fi
  done
  [[ -n $strict ]] && shopt -u nocasematch
}
complete -F _etoro etoro
]==]

local ZSH = [==[

_etoro_describe() {
  local line
  for line in "${found[@]}"; do
    line=${line//:/\\:}
    described+=("${line/$'\t'/:}")
  done
}

_etoro() {
  setopt localoptions ksharrays noshwordsplit
  local -a commands command_texts options option_texts valued values arguments found
  local -a described kinds
  local endless account wanted kind i current=$PREFIX
  _etoro_look "${(@)words[1,CURRENT-2]}"
  [[ $PREFIX == --*=* && $current != "$PREFIX" ]] && compset -P '*='
  kinds=(${=wanted})
  for kind in "${kinds[@]}"; do
    found=()
    case $kind in
      options) i=0
        for ((i = 0; i < ${#options[@]}; i++)); do
          found+=("${options[i]}"$'\t'"${option_texts[i]}")
        done ;;
      commands|@commands) [[ $kind == @* ]] && _etoro_about ''
        for ((i = 0; i < ${#commands[@]}; i++)); do
          found+=("${commands[i]}"$'\t'"${command_texts[i]}")
        done ;;
      @files) unsetopt ksharrays; _files; setopt ksharrays ;;
      @profiles) _etoro_profiles ;;
      @positions|@orders|@copies) _etoro_kept "$account.${kind#@}" ;;
      @*) _etoro_kept "${kind#@}" ;;
      *) found+=("$kind") ;;
    esac
    _etoro_describe
  done
  unsetopt ksharrays
  (( ${#described} )) && _describe -t values 'etoro' described -M 'm:{a-zA-Z}={A-Za-z}'
}
if [[ $funcstack[1] == _etoro ]]; then _etoro "$@"; else compdef _etoro etoro; fi
]==]

function M.bash(items)
  return "# Completion of etoro for bash.\n" .. command_completion.table_of(items)
    .. COMMON .. BASH
end

function M.zsh(items)
  return "#compdef etoro\n" .. command_completion.table_of(items) .. COMMON .. ZSH
end

local FISH = [==[
# Completion of etoro for fish.
function __etoro_kept
  set -l base $HOME/.cache
  test -n "$XDG_CACHE_HOME"; and set base $XDG_CACHE_HOME
  set -l file $base/etoro/words/$argv[1]
  test -r $file; and cat $file
end

function __etoro_kept_of_account
  set -l account demo
  contains -- --real (commandline -opc); and set account real
  __etoro_kept $account.$argv[1]
end

function __etoro_profiles
  set -l base $HOME/.config
  test -n "$XDG_CONFIG_HOME"; and set base $XDG_CONFIG_HOME
  for file in $base/etoro/*
    test -f $file; and string replace -r '.*/' '' -- $file
  end
end

# Whether the command that was typed is that of the words given: $argv[1], and the
# number of the argument that is completed, where it matters.
function __etoro_at
  set -l path
  set -l nth 0
  set -l skip 0
  for word in (commandline -opc)[2..-1]
    if test $skip = 1
      set skip 0
      continue
    end
    if contains -- $word $__etoro_valued
      set skip 1
      continue
    end
    string match -q -- '-*' $word; and continue
    if contains -- (string join ' ' $path $word) $__etoro_paths
      set path $path $word
      set nth 0
    else
      set nth (math $nth + 1)
    end
  end
  test "$path" = "$argv[1]"; or return 1
  test (count $argv) = 1; and return 0
  test $nth = $argv[2]; and return 0
  test (count $argv) = 3 -a $nth -ge $argv[2]
end
]==]

local FISH_KINDS = { ["@profiles"] = "(__etoro_profiles)",
  ["@positions"] = "(__etoro_kept_of_account positions)",
  ["@orders"] = "(__etoro_kept_of_account orders)",
  ["@copies"] = "(__etoro_kept_of_account copies)", ["@files"] = "" }

-- What -a takes of a value.
local function fish_values(value, commands)
  local words = {}
  for word in value:gmatch "[^ ]+" do
    if word == "@commands" then
      for _, command in ipairs(commands) do words[#words + 1] = command.name end
    elseif word:sub(1, 1) == "@" then
      words[#words + 1] = FISH_KINDS[word]
        or ("(__etoro_kept %s)"):format(word:sub(2))
    else
      words[#words + 1] = word
    end
  end
  return table.concat(words, " ")
end

local function fish_option(lines, item, option)
  local parts = { ("complete -c etoro -n %s"):format(
    command_completion.quote("__etoro_at \"" .. item.path .. "\"")) }
  for _, name in ipairs(option.names) do
    local long = name:match "^%-%-(.+)$"
    if name == option.name or not long then -- other spellings are not offered
      parts[#parts + 1] = long and "-l " .. long or "-s " .. name:sub(2)
    end
  end
  if option.value then
    local takes_files = option.value:find("@files", 1, true)
    parts[#parts + 1] = takes_files and "-r -F" or "-x"
    local values = fish_values(option.value, {})
    if values:find "[^ ]" then
      parts[#parts + 1] = "-a " .. command_completion.quote(values)
    end
  end
  parts[#parts + 1] = "-d " .. command_completion.quote(option.text)
  lines[#lines + 1] = table.concat(parts, " ")
end

local function fish_argument(lines, item, i, value, top)
  if value == "" then return end
  local is_last = i == #item.arguments and item.is_endless
  local takes_files = value:find("@files", 1, true)
  lines[#lines + 1] = ("complete -c etoro -n %s %s -a %s"):format(
    command_completion.quote(("__etoro_at \"%s\" %d%s"):format(item.path, i - 1,
      is_last and " more" or "")), takes_files and "-F" or "-f",
    command_completion.quote(fish_values(value, top.commands)))
end

function M.fish(items)
  local lines, paths, valued = { FISH }, {}, {}
  for _, item in ipairs(items) do
    paths[#paths + 1] = command_completion.quote(item.path)
    for _, option in ipairs(item.options) do
      for _, name in ipairs(option.value and option.names or {}) do
        valued[name] = true
      end
    end
  end
  local names = {}
  for name in pairs(valued) do names[#names + 1] = name end
  table.sort(names, core.before)
  lines[#lines + 1] = "set -g __etoro_paths " .. table.concat(paths, " ")
  lines[#lines + 1] = "set -g __etoro_valued " .. table.concat(names, " ")
  lines[#lines + 1] = "complete -c etoro -f"
  for _, item in ipairs(items) do
    for _, command in ipairs(item.commands) do
      lines[#lines + 1] = ("complete -c etoro -n %s -f -a %s -d %s"):format(
        command_completion.quote(("__etoro_at \"%s\" 0"):format(item.path)),
        command.name, command_completion.quote(command.text))
    end
    for _, option in ipairs(item.options) do fish_option(lines, item, option) end
    for i, value in ipairs(item.arguments) do
      fish_argument(lines, item, i, value, items[1])
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

--- The script of a shell.
---@param shell "bash"|"zsh"|"fish"
---@param parser table
---@return string
function M.script(shell, parser)
  return M[shell](command_completion.items(parser))
end

return M
