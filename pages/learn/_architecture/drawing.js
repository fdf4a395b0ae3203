// An SVG drawn by Python, in the theme's colours; st.html would take it out.

export default function (component) {
  const { data, parentElement } = component
  const place = parentElement.querySelector("#place")
  place.setAttribute("aria-label", data.alt)
  if (place.dataset.svg === data.svg) return
  place.dataset.svg = data.svg
  const parsed = new DOMParser().parseFromString(data.svg, "image/svg+xml")
  if (!parsed.querySelector("parsererror")) place.replaceChildren(document.importNode(parsed.documentElement, true))
}
