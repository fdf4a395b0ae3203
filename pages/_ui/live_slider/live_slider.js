// One value is on its way at a time. What is moved meanwhile goes when the page has been drawn with that one; a page
// that never answers is not waited for.

const sliders = new WeakMap()
const PATIENCE = 1500 // milliseconds

export default function (component) {
  const { data, parentElement, setStateValue } = component
  const slider = sliders.get(parentElement) ?? { sent: null, since: 0 }
  sliders.set(parentElement, slider)
  const input = parentElement.querySelector("#slider"), shown = parentElement.querySelector("#value")
  const digits = Math.max(0, -Math.floor(Math.log10(data.step)))
  const show = () => {
    const words = Number(input.value).toFixed(digits).replace("-", "−")
    shown.textContent = words
    input.setAttribute("aria-valuetext", words)
    fillTrack(input)
  }
  const send = () => {
    ;[slider.sent, slider.since] = [Number(input.value), performance.now()]
    setStateValue("value", slider.sent)
  }
  const isWaiting = () => slider.sent !== null && performance.now() - slider.since < PATIENCE
  Object.assign(input, { min: data.low, max: data.high, step: data.step })
  input.setAttribute("aria-label", data.label)
  if (slider.sent !== null && Math.abs(slider.sent - data.value) < data.step / 2) {
    slider.sent = null
    if (Math.abs(Number(input.value) - data.value) > data.step / 2) send()
  } else if (!isWaiting()) {
    slider.sent = null
    input.value = data.value
  }
  input.oninput = () => {
    show()
    if (!isWaiting()) send()
  }
  show()
}
