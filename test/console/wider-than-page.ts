/** Runs in the page: the page itself, and every element that is cut off at its right edge outside of what scrolls. */
export const widerThanPage = `(() => {
  const scrolls = (element) =>
    element !== null && (/auto|scroll|hidden|clip/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
  const wide = [...document.querySelectorAll('main *')].filter(
    (element) => element.getBoundingClientRect().right > innerWidth + 1 && !scrolls(element.parentElement),
  );
  return [
    ...(document.documentElement.scrollWidth > innerWidth ? ['the page'] : []),
    ...wide.map((element) => element.outerHTML.slice(0, 120)),
  ].slice(0, 3);
})()`;
