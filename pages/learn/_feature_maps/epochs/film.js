// The pages of a time-lapse: scrub by the slider or its arrow keys, or play, without asking the server.

const films = new WeakMap()
const QUICK = 400, CALM = 1500 // milliseconds a page; calm where the reader wants less motion

export default function (component) {
  const { data, parentElement } = component
  const film = films.get(parentElement) ?? { place: data.pages.length - 1, timer: null, of: data.of }
  films.set(parentElement, film)
  if (film.of !== data.of) Object.assign(film, { of: data.of, place: data.pages.length - 1 })
  film.place = Math.min(film.place, data.pages.length - 1)
  const find = (id) => parentElement.querySelector("#" + id)
  const page = find("page"), scrub = find("scrub"), play = find("play")
  scrub.max = data.pages.length - 1
  const show = () => {
    const { epoch, png } = data.pages[film.place]
    page.src = "data:image/png;base64," + png
    page.alt = `${data.alt} after epoch ${epoch}`
    scrub.value = film.place
    fillTrack(scrub)
    scrub.setAttribute("aria-valuetext", `epoch ${epoch}`)
    find("epoch").textContent = epoch ? `epoch ${epoch}` : "untrained"
  }
  const stop = () => {
    clearInterval(film.timer)
    film.timer = null
    play.textContent = "▶ Play"
    play.setAttribute("aria-pressed", "false")
  }
  scrub.oninput = () => {
    stop()
    film.place = Number(scrub.value)
    show()
  }
  play.onclick = () => {
    if (film.timer !== null) return stop()
    if (film.place === data.pages.length - 1) film.place = 0
    show()
    play.textContent = "❚❚ Pause"
    play.setAttribute("aria-pressed", "true")
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches
    film.timer = setInterval(() => {
      if (!page.isConnected || film.place >= data.pages.length - 1) return stop()
      film.place += 1
      show()
    }, calm ? CALM : QUICK)
  }
  stop()
  show()
  return () => clearInterval(film.timer)
}
