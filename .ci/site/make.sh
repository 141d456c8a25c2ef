#!/bin/sh
# make.sh FOLDER: README.md, CHANGELOG.md and doc/ as HTML pages in FOLDER, by pandoc.
# README.md becomes index.html, any other page keeps its name; what pages link to
# beside each other, such as an example, is copied. Then every link is checked.
set -eu

out=$1
rm -rf "$out"
mkdir -p "$out/doc"
cp .ci/site/style.css "$out/"

# render FILE: one page, at the place that links to it are given
render() {
  base=
  [ "${1#doc/}" = "$1" ] || base=../
  page=$(echo "${1%.md}" | sed 's|README$|index|')
  pandoc --from gfm --to html5 --wrap=preserve --template .ci/site/page.html \
    --lua-filter .ci/site/links.lua --variable base="$base" \
    --metadata file="$1" --output "$out/$page.html" "$1"
}

for file in README.md CHANGELOG.md doc/*.md; do render "$file"; done

# what is linked to and is no page
sed -n 's/.*data-file="\([^"]*\)".*/\1/p' "$out"/*.html "$out"/doc/*.html |
  sort -u | while read -r file; do
  mkdir -p "$out/$(dirname "$file")"
  cp -R "$file" "$out/$file"
done
"$LUA" .ci/site/check.lua "$out"
