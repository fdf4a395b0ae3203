// A sheet of maps: a click or the arrow keys choose one. Where maps are switched, a click, Enter or the space bar does it.

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const picture = parentElement.querySelector("#picture")
  const source = "data:image/png;base64," + data.png
  if (picture.src !== source) picture.src = source
  picture.alt = data.alt
  picture.setAttribute("aria-valuemax", data.count - 1)
  picture.setAttribute("aria-valuenow", data.chosen)
  picture.setAttribute("aria-valuetext", `map ${data.chosen}`)
  picture.style.maxWidth = data.width + "px"
  const choose = (index) => {
    if (index >= 0 && index < data.count && index !== data.chosen) setTriggerValue("index", index)
  }
  const act = (index) => {
    if (!data.switches) return choose(index)
    if (index >= 0 && index < data.count) setTriggerValue("switched", index)
  }
  picture.onclick = (event) => {
    const box = picture.getBoundingClientRect()
    const column = Math.floor(((event.clientX - box.left) / box.width) * data.columns)
    const row = Math.floor(((event.clientY - box.top) / box.height) * data.rows)
    act(row * data.columns + Math.min(column, data.columns - 1))
  }
  picture.onkeydown = (event) => {
    if (data.switches && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault()
      return act(data.chosen)
    }
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -data.columns, ArrowDown: data.columns }[event.key]
    if (step === undefined) return
    event.preventDefault()
    choose(data.chosen + step)
  }
}
