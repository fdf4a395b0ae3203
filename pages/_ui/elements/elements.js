// Prepended to every component (pages/_ui/component.py), as elements.css is.

function add(parent, tag, name, text) {
  const element = document.createElement(tag)
  if (name) element.className = name
  if (text !== undefined) element.textContent = text
  parent.append(element)
  return element
}

// As core/intervals.py does: less than all is never "100 %", and more than none never "0 %".
function percent(share, digits) {
  const step = 10 ** -digits, text = (100 * share).toFixed(digits)
  if (Number(text) === 100 && share < 1 - 1e-7) return `over ${(100 - step).toFixed(digits)} %`
  if (Number(text) === 0 && share > 1e-7) return `under ${step.toFixed(digits)} %`
  return `${text} %`
}

// How far the track of a slider is filled (elements.css).
function fillTrack(range) {
  const low = Number(range.min), high = Number(range.max)
  range.style.setProperty("--part", `${high > low ? (100 * (Number(range.value) - low)) / (high - low) : 0}%`)
}

// The scale of core/explain/drawing/colours.py, in three steps: near-white is zero, orange positive, blue negative.
function signed(part) {
  const dark = part < 0 ? [18, 73, 143] : [152, 56, 10]
  const middle = part < 0 ? [134, 182, 220] : [240, 164, 93]
  const size = Math.min(1, Math.abs(part))
  const [from, to, share] = size < 0.5 ? [[246, 245, 242], middle, size * 2] : [middle, dark, size * 2 - 1]
  return from.map((start, index) => start + (to[index] - start) * share)
}
