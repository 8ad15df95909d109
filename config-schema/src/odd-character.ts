/** Characters that look like others or like nothing, by code point. Editors, chats, and spreadsheets insert them. */
const NAMES: Readonly<Record<number, string>> = {
  9: 'tab',
  10: 'line feed',
  13: 'carriage return',
  32: 'space',
  34: 'quotation mark',
  39: 'apostrophe',
  61: 'equals sign',
  96: 'grave accent',
  133: 'next line',
  160: 'no-break space',
  173: 'soft hyphen',
  8216: 'left single quotation mark',
  8217: 'right single quotation mark',
  8218: 'low single quotation mark',
  8220: 'left double quotation mark',
  8221: 'right double quotation mark',
  8222: 'low double quotation mark',
  8208: 'hyphen',
  8209: 'no-break hyphen',
  8210: 'figure dash',
  8211: 'en dash',
  8212: 'em dash',
  8230: 'ellipsis',
  8203: 'zero-width space',
  8204: 'zero-width non-joiner',
  8205: 'zero-width joiner',
  8206: 'left-to-right mark',
  8207: 'right-to-left mark',
  8232: 'line separator',
  8233: 'paragraph separator',
  8234: 'left-to-right embedding',
  8235: 'right-to-left embedding',
  8236: 'end of embedding',
  8237: 'left-to-right override',
  8238: 'right-to-left override',
  8239: 'narrow no-break space',
  8288: 'word joiner',
  12288: 'ideographic space',
  65279: 'byte order mark',
  65306: 'fullwidth colon',
};

/** Spaces other than the one of the keyboard, invisible characters, and control characters. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;
/** Also quotation marks and dashes of word processors, and fullwidth forms, which look like the ASCII ones. */
const LOOKALIKE = /[\u2018-\u201e\u2010-\u2015\u2026\uff01-\uff5e]/u;

export type OddCharacter = { readonly index: number; readonly length: number; readonly words: string };

/** Finds the first character that cannot be seen. */
export function invisibleCharacter(text: string): OddCharacter | undefined {
  return describe(INVISIBLE.exec(text));
}

/** Finds the first character that cannot be seen or is easily taken for another. */
export function oddCharacter(text: string): OddCharacter | undefined {
  const found = [INVISIBLE, LOOKALIKE]
    .map((each) => describe(each.exec(text)))
    .filter((each) => each !== undefined);
  return found.toSorted((one, other) => one.index - other.index)[0];
}

/** `U+00A0 (no-break space)`. */
export function characterWords(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const name = NAMES[code] ?? (code < 0x20 || code === 0x7f ? 'control character' : undefined);
  const hex = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return name === undefined ? hex : `${hex} (${name})`;
}

function describe(match: RegExpExecArray | null): OddCharacter | undefined {
  if (match === null) return undefined;
  return { index: match.index, length: match[0].length, words: characterWords(match[0]) };
}
