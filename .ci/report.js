// What is wrong with a page as it is shown: run in it by report.py.
parts => {
  const faults = [], tell = text => faults.push(text)
  const wide = document.documentElement.clientWidth
  const name = node => `${node.tagName.toLowerCase()}.${node.getAttribute("class")
    || ""} "${node.textContent.slice(0, 40)}"`

  if (document.documentElement.scrollWidth > wide) {
    tell(`${document.documentElement.scrollWidth} pixels wide`)
  }
  if (document.scripts.length > 0) tell("has a script")

  const titles = [...document.querySelectorAll("h2")]
  for (const part of parts) {
    const title = titles.find(one => one.textContent === part)
    const box = title && title.parentElement.getBoundingClientRect()
    if (!title) tell(`has no part "${part}"`)
    else if (box.height < 40 || box.width < 100) tell(`shows no part "${part}"`)
  }

  const channels = text => {
    const numbers = text.match(/[\d.]+/g).map(Number)
    return [numbers[0], numbers[1], numbers[2], numbers[3] ?? 1]
  }
  const over = (top, under) => [0, 1, 2].map(
    i => top[i] * top[3] + under[i] * (1 - top[3])).concat(1)
  const light = color => {
    const [r, g, b] = color.map(value => {
      const part = value / 255
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const contrast = (a, b) => {
    const [low, high] = [light(a), light(b)].sort((x, y) => x - y)
    return (high + 0.05) / (low + 0.05)
  }
  const ground = node => {
    const layers = []
    for (let one = node; one; one = one.parentElement) {
      layers.push(channels(getComputedStyle(one).backgroundColor))
    }
    return layers.reverse().reduce((under, top) => over(top, under),
      [255, 255, 255, 1])
  }

  let least = 99
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const shown = []
  while (walker.nextNode()) {
    const text = walker.currentNode, node = text.parentElement
    if (!text.data.trim() || node.closest("svg")) continue
    const range = document.createRange()
    range.selectNodeContents(text)
    const box = range.getBoundingClientRect()
    if (box.width === 0) continue // not shown at this width
    const style = getComputedStyle(node)
    if (parseFloat(style.fontSize) < 12) tell(`small text: ${name(node)}`)
    const found = contrast(over(channels(style.color), ground(node)), ground(node))
    least = Math.min(least, found)
    if (found < 4.5) tell(`contrast ${found.toFixed(2)}: ${name(node)}`)
    const inside = node.closest(".wide")
    if (!inside && (box.left < 0 || box.right > wide + 0.5)) {
      tell(`text beside the screen: ${name(node)}`)
    }
    shown.push({ node, box })
  }

  for (const node of document.querySelectorAll("section, .wide, figure, svg")) {
    const box = node.getBoundingClientRect()
    if (box.left < 0 || box.right > wide + 0.5) tell(`too wide: ${name(node)}`)
  }

  // Numbers and times beside a drawing; texts in cells and figures.
  for (const kind of [".side span", ".foot span", ".cells span", "td", "th", "dd", "dt"]) {
    const list = shown.filter(one => one.node.matches(kind))
    for (let i = 1; i < list.length; i++) {
      const a = list[i - 1].box, b = list[i].box
      if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1
          && b.top < a.bottom - 1) {
        tell(`overlap: ${name(list[i - 1].node)}, ${name(list[i].node)}`)
      }
    }
  }

  for (const node of document.querySelectorAll("svg path, svg rect")) {
    const style = getComputedStyle(node)
    // The shades of a map tell more and less: its texts and its frame are judged.
    if (node.matches(".grid, .hole, .under, .cells rect")) continue
    const paint = node.tagName === "rect" ? style.fill : style.stroke
    const found = contrast(channels(paint), ground(node.closest("section")))
    if (found < 3) tell(`contrast ${found.toFixed(2)}: ${name(node)}`)
  }
  return { faults, contrast: least }
}
