// Prepended to every component (pages/_ui/component.py).

function add(parent, tag, name, text) {
  const element = document.createElement(tag)
  if (name) element.className = name
  if (text !== undefined) element.textContent = text
  parent.append(element)
  return element
}
