// Runs in the page: draws what is in view as SVG, from the boxes and the lines of text where the browser has placed them.
// Text has its measured width, so it fits although the reader's fonts are others.
({ title, width, height }) => {
  const round = (value) => Math.round(value * 10) / 10;
  const escaped = (text) =>
    text.replace(/[&<>"]/g, (mark) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[mark]);
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  /** A color as `#rrggbb`, or `#rrggbbaa` if it is translucent; undefined if nothing would be seen. */
  const colorOf = (value) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = value;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    if (alpha === 0) return undefined;
    return `#${[red, green, blue, ...(alpha < 255 ? [alpha] : [])].map((each) => each.toString(16).padStart(2, '0')).join('')}`;
  };
  const isInView = ({ left, top, right, bottom }) =>
    right > 0 && bottom > 0 && left < width && top < height && right - left > 0.5 && bottom - top > 0.5;
  const parts = [];
  const box = (element, style) => {
    const rect = element.getBoundingClientRect();
    if (!isInView(rect)) return;
    const place = `x="${round(rect.left)}" y="${round(rect.top)}" width="${round(rect.width)}" height="${round(rect.height)}"`;
    const radius = Math.min(Number.parseFloat(style.borderTopLeftRadius) || 0, rect.height / 2);
    const rounded = radius > 0 ? ` rx="${round(radius)}"` : '';
    const fill = colorOf(style.backgroundColor);
    const [top, left] = [Number.parseFloat(style.borderTopWidth), Number.parseFloat(style.borderLeftWidth)];
    const isFramed = top > 0 && Number.parseFloat(style.borderBottomWidth) > 0 && left > 0;
    const line = isFramed && style.borderTopStyle !== 'none' ? colorOf(style.borderTopColor) : undefined;
    const dashed = style.borderTopStyle === 'dashed' ? ' stroke-dasharray="4 3"' : '';
    if (fill !== undefined || line !== undefined) {
      parts.push(
        `<rect ${place}${rounded} fill="${fill ?? 'none'}"${line === undefined ? '' : ` stroke="${line}"${dashed}`}/>`,
      );
    }
    for (const [side, x1, y1, x2, y2] of [
      ['Bottom', rect.left, rect.bottom, rect.right, rect.bottom],
      ['Top', rect.left, rect.top, rect.right, rect.top],
      ['Left', rect.left, rect.top, rect.left, rect.bottom],
    ]) {
      const thick = Number.parseFloat(style[`border${side}Width`]);
      // A frame is drawn already; a thick side of it is a mark of its own.
      if (thick === 0 || style[`border${side}Style`] === 'none' || (isFramed && thick <= 1)) continue;
      const color = colorOf(style[`border${side}Color`]);
      if (color === undefined) continue;
      parts.push(
        `<path d="M${round(x1)} ${round(y1)}L${round(x2)} ${round(y2)}" stroke="${color}" stroke-width="${thick}"/>`,
      );
    }
  };
  const lines = (node, style) => {
    const range = document.createRange();
    let start = 0;
    const flush = (end, isWrapped) => {
      range.setStart(node, start);
      range.setEnd(node, end);
      const whole = range.toString().replace(/\s+/g, ' ');
      // A space before a wrapped line takes no room; one between two elements does.
      const text = isWrapped ? whole.trimEnd() : whole;
      const rect = range.getBoundingClientRect();
      start = end;
      if (text.trim() === '' || !isInView(rect)) return;
      const size = Number.parseFloat(style.fontSize);
      const attributes = [
        `x="${round(rect.left)}"`,
        `y="${round(rect.top + rect.height / 2 + size * 0.35)}"`,
        `font-size="${round(size)}"`,
        `fill="${colorOf(style.color)}"`,
        `textLength="${round(rect.width)}" lengthAdjust="spacingAndGlyphs"`,
      ];
      if (Number(style.fontWeight) >= 550) attributes.push('font-weight="650"');
      if (style.fontFamily.includes('monospace')) attributes.push('class="m"');
      if (
        style.textDecorationLine.includes('underline') ||
        node.parentElement.closest('a.agent-pool, td a, p a')
      )
        attributes.push('text-decoration="underline"');
      parts.push(`<text ${attributes.join(' ')}>${escaped(text)}</text>`);
    };
    let last;
    for (let index = 0; index < node.length; index += 1) {
      range.setStart(node, index);
      range.setEnd(node, index + 1);
      const [rect] = range.getClientRects();
      if (rect === undefined || rect.width === 0) continue;
      if (last !== undefined && rect.top > last + 4) flush(index, true);
      last = rect.top;
    }
    flush(node.length, false);
  };
  const walk = (element) => {
    const style = getComputedStyle(element);
    if (style.display === 'none' || style.visibility === 'hidden' || style.clipPath !== 'none') return;
    if (element instanceof SVGSVGElement) {
      const rect = element.getBoundingClientRect();
      if (!isInView(rect)) return;
      const [, , w] = (element.getAttribute('viewBox') ?? `0 0 ${rect.width} 1`).split(' ').map(Number);
      const color = colorOf(style.color);
      parts.push(
        `<g transform="translate(${round(rect.left)} ${round(rect.top)}) scale(${Math.round((rect.width / w) * 1000) / 1000})" color="${color}">${element.innerHTML}</g>`,
      );
      return;
    }
    box(element, style);
    for (const child of element.childNodes) {
      if (child.nodeType === Node.TEXT_NODE) lines(child, style);
      else if (child.nodeType === Node.ELEMENT_NODE) walk(child);
    }
    const shown =
      element instanceof HTMLSelectElement ? element.selectedOptions[0]?.label : element.placeholder;
    if (shown) {
      const rect = element.getBoundingClientRect();
      if (isInView(rect))
        parts.push(
          `<text x="${round(rect.left + 11)}" y="${round(rect.top + rect.height / 2 + 5)}" font-size="14" fill="${colorOf(style.color)}" opacity="${element instanceof HTMLSelectElement ? 1 : 0.75}">${escaped(shown)}</text>`,
        );
    }
  };
  walk(document.body);
  const page = colorOf(getComputedStyle(document.body).backgroundColor);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif">`,
    `<title>${escaped(title)}</title>`,
    '<style>text{white-space:pre}.m{font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}</style>',
    `<clipPath id="c"><rect width="${width}" height="${height}" rx="10"/></clipPath>`,
    `<g clip-path="url(#c)"><rect width="${width}" height="${height}" fill="${page}"/>`,
    ...parts,
    '</g></svg>',
    '',
  ].join('\n');
};
