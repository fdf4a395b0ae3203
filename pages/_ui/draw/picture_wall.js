// A sheet of pictures, each a button that is pressed or not. What is chosen is known here at once and told to Python.

const chosenIn = new WeakMap()

export default function (component) {
  const { data, parentElement, setStateValue } = component
  const wall = parentElement.querySelector("#wall"), below = parentElement.querySelector("#below")
  const before = chosenIn.get(parentElement) ?? new Set()
  const chosen = new Set(data.ids.filter((id) => before.has(id)))
  chosenIn.set(parentElement, chosen)
  const tell = () => setStateValue("chosen", [...chosen])
  wall.setAttribute("aria-label", data.alt)
  wall.style.gridTemplateColumns = `repeat(${data.columns}, 1fr)`
  wall.style.maxWidth = `${data.columns * 108}px`
  wall.style.backgroundImage = `url(data:image/jpeg;base64,${data.sheet})`
  if (wall.dataset.ids !== data.ids.join()) {
    wall.dataset.ids = data.ids.join()
    wall.replaceChildren()
    for (const _id of data.ids) add(wall, "button").type = "button"
  }
  const tiles = [...wall.children]
  const paint = () => tiles.forEach((tile, place) => tile.setAttribute("aria-pressed", chosen.has(data.ids[place])))
  const put = (id, pressed) => (pressed ? chosen.add(id) : chosen.delete(id))
  tiles.forEach((tile, place) => {
    tile.setAttribute("aria-label", data.names[place])
    tile.title = data.names[place]
    tile.onclick = () => {
      put(data.ids[place], !chosen.has(data.ids[place]))
      paint()
      tell()
    }
    tile.onkeydown = (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -data.columns, ArrowDown: data.columns }[event.key]
      if (step === undefined) return
      event.preventDefault()
      tiles[place + step]?.focus()
    }
  })
  below.replaceChildren()
  for (const [text, pressed] of [["Choose all of these", true], ["Choose none", false]]) {
    const button = add(below, "button", "", text)
    button.type = "button"
    button.onclick = () => {
      data.ids.forEach((id) => put(id, pressed))
      paint()
      tell()
    }
  }
  paint()
  if (chosen.size !== before.size) tell()
}
