// A sheet of paper and a pen: mouse, pen or finger. A stroke that has ended is sent as a PNG.

const PEN = 20 // pixels of 280

export default function (component) {
  const { parentElement, setTriggerValue } = component
  const sheet = parentElement.querySelector("#sheet")
  const pen = sheet.getContext("2d")
  if (!sheet.dataset.ready) {
    sheet.dataset.ready = "yes"
    empty(sheet, pen)
  }
  const at = (event) => {
    const box = sheet.getBoundingClientRect()
    return [((event.clientX - box.left) / box.width) * sheet.width, ((event.clientY - box.top) / box.height) * sheet.height]
  }
  const end = () => {
    if (!sheet.dataset.drawing) return
    delete sheet.dataset.drawing
    setTriggerValue("drawing", sheet.toDataURL("image/png").split(",")[1])
  }
  sheet.onpointerdown = (event) => {
    if (event.button !== 0) return
    sheet.setPointerCapture(event.pointerId)
    sheet.dataset.drawing = event.pointerId
    pen.beginPath()
    pen.moveTo(...at(event))
    pen.lineTo(...at(event)) // a dot
    pen.stroke()
  }
  sheet.onpointermove = (event) => {
    if (sheet.dataset.drawing !== String(event.pointerId)) return
    for (const part of event.getCoalescedEvents?.() ?? [event]) pen.lineTo(...at(part))
    pen.stroke()
  }
  sheet.onpointerup = end
  sheet.onpointercancel = end
  sheet.onkeydown = (event) => {
    if (!["Delete", "Backspace"].includes(event.key)) return
    event.preventDefault()
    empty(sheet, pen)
  }
  parentElement.querySelector("#clear").onclick = () => empty(sheet, pen)
}

function empty(sheet, pen) {
  pen.fillStyle = "#fff"
  pen.fillRect(0, 0, sheet.width, sheet.height)
  pen.strokeStyle = "#000"
  pen.lineWidth = PEN
  pen.lineCap = "round"
  pen.lineJoin = "round"
}
