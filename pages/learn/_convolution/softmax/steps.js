// Scores become exponentials, their sum, quotients (core/explain/softmax.py); every number is rounded as it is shown, and
// what is shown is what is reckoned with. Names of classes come from people: they are written as text only.

const views = new WeakMap()

export default function (component) {
  const { data, parentElement } = component
  const view = views.get(parentElement) ?? {}
  views.set(parentElement, view)
  view.find = (id) => parentElement.querySelector("#" + id)
  const given = JSON.stringify(data)
  if (view.given !== given) {
    Object.assign(view, { given, data, scores: [...data.scores], row: data.scores.indexOf(Math.max(...data.scores)) })
    build(view)
  }
  view.find("back").onclick = () => {
    view.scores = [...data.scores]
    draw(view)
  }
  draw(view)
}

function build(view) {
  const { data } = view
  const rows = view.find("rows")
  rows.replaceChildren()
  const reach = Math.ceil(Math.max(10, ...data.scores.map(Math.abs)))
  data.classes.forEach((name, index) => {
    const row = add(rows, "div", "row")
    add(row, "span", "name", name)
    const slider = add(row, "input")
    Object.assign(slider, { type: "range", min: -reach, max: reach, step: 10 ** -data.score_digits })
    slider.setAttribute("aria-label", `Score of ${name}`)
    add(row, "span", "power")
    add(row, "span", "share")
    add(row, "span", "bar")
    slider.oninput = () => {
      view.scores[index] = Number(slider.value)
      choose(view, index)
    }
    slider.onkeydown = (event) => step(view, index, event)
    slider.onfocus = row.onpointermove = () => view.row !== index && choose(view, index)
  })
}

// Left and right move a score by a tenth; up and down go to the class above or below.
function step(view, index, event) {
  const rows = view.find("rows").children
  const by = { ArrowLeft: -0.1, ArrowRight: 0.1 }[event.key], to = { ArrowUp: index - 1, ArrowDown: index + 1 }[event.key]
  if (by === undefined && to === undefined) return
  event.preventDefault()
  if (to !== undefined) return rows[to]?.querySelector("input").focus()
  const { min, max } = event.target
  view.scores[index] = Math.min(max, Math.max(min, rounded(view.scores[index] + by, view.data.score_digits)))
  choose(view, index)
}

function choose(view, index) {
  view.row = index
  draw(view)
}

function draw(view) {
  const { data, scores, row } = view
  const largest = Math.max(...scores)
  const below = scores.map((score) => rounded(score - largest, data.score_digits))
  const parts = below.map((power) => rounded(Math.exp(power), data.digits))
  const total = rounded(parts.reduce((sum, part) => sum + part, 0), data.digits)
  ;[...view.find("rows").children].forEach((line, index) => {
    const [, slider, power, share, bar] = line.children
    line.classList.toggle("chosen", index === row)
    slider.value = scores[index]
    fillTrack(slider)
    slider.setAttribute("aria-valuetext", `${written(scores[index])}, probability ${percent(parts[index] / total, 1)}`)
    power.innerHTML = `${written(scores[index])} → e<sup>${written(below[index])}</sup> = <b>${written(parts[index])}</b>`
    share.textContent = percent(parts[index] / total, 1)
    bar.style.width = `${(100 * parts[index]) / total}%`
  })
  view.find("total").textContent = `Largest score ${written(largest)}, taken off each. Sum of the exponentials: ${written(total)}`
  const name = data.classes[row]
  view.find("line").replaceChildren(
    `${name}: ${written(scores[row])} − ${bracketed(largest)} = ${written(below[row])}; e to that power is ${written(parts[row])}; ` +
    `${written(parts[row])} ÷ ${written(total)} ≈ ${written(rounded(parts[row] / total, data.digits))}, that is `)
  add(view.find("line"), "b", "", percent(parts[row] / total, 1))
}

const rounded = (value, digits) => Number(value.toFixed(digits)) + 0
const written = (value) => String(value).replace("-", "−")
const bracketed = (value) => (value < 0 ? `(${written(value)})` : written(value))
