// A camera in a component's <video>: opened on a press, released when it is closed or its page is left.

const cameras = new WeakMap()
const WHY = {
  NotAllowedError: "The browser was told not to open the camera. Allow it beside the page’s address, and press again",
  NotFoundError: "This device has no camera that the browser knows of",
  NotReadableError: "The camera is being used by another program. Close that one, and press again",
}

function cameraIn(parentElement) {
  if (!cameras.has(parentElement)) cameras.set(parentElement, new Camera(parentElement))
  return cameras.get(parentElement)
}

class Camera {
  constructor(root) {
    this.video = root.querySelector("video")
    this.said = root.querySelector("#said")
    this.stream = null
    this.facing = "environment" // of a phone: away from whoever holds it
    this.openings = 0
  }

  get open() {
    if (this.stream && !this.video.isConnected) this.close() // its page was left
    return this.stream !== null
  }

  // Says why where it does not open; `instead` is what to do then.
  async start(instead) {
    this.close()
    const opening = this.openings
    this.say("")
    let stream
    try {
      if (!window.isSecureContext || !navigator.mediaDevices) return this.say(`${this.insecure} ${instead}`)
      const wanted = { facingMode: { ideal: this.facing }, width: { ideal: 1280 }, height: { ideal: 960 } }
      stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: wanted })
      if (opening !== this.openings || !this.video.isConnected) return stop(stream)
      this.stream = stream
      for (const track of stream.getTracks()) track.onended = () => this.lost(instead)
      this.video.srcObject = stream
      await this.video.play()
    } catch (error) {
      if (opening !== this.openings) return
      this.close()
      this.say(`${WHY[error.name] ?? "The camera could not be opened"}. ${instead}`)
    }
  }

  async turn(instead) {
    this.facing = this.facing === "environment" ? "user" : "environment"
    await this.start(instead)
  }

  lost(instead) {
    this.close()
    this.say(`The camera has gone. ${instead}`)
  }

  close() {
    this.openings += 1
    stop(this.stream)
    this.stream = this.video.srcObject = null
  }

  say(text) {
    if (this.said.textContent !== text) this.said.textContent = text
  }

  // The picture of this moment as a JPEG in base64, its longer side at most so many pixels; null before there is one.
  shoot(longest, quality) {
    const { videoWidth: width, videoHeight: height } = this.video
    if (!width || !height) return null
    const scale = Math.min(1, longest / Math.max(width, height))
    const sheet = document.createElement("canvas")
    sheet.width = Math.max(1, Math.round(width * scale))
    sheet.height = Math.max(1, Math.round(height * scale))
    const pen = sheet.getContext("2d")
    pen.imageSmoothingQuality = "high"
    pen.drawImage(this.video, 0, 0, sheet.width, sheet.height)
    return sheet.toDataURL("image/jpeg", quality).split(",")[1]
  }
}

function stop(stream) {
  for (const track of stream?.getTracks() ?? []) {
    track.onended = null
    track.stop()
  }
}

async function countCameras() {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? []
  return devices.filter((each) => each.kind === "videoinput").length
}

function control(parent, text, act) {
  const button = add(parent, "button", "", text)
  button.type = "button"
  button.onclick = act
  return button
}
