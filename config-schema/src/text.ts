export { isAddressRange } from './address-ranges.ts';
export { formatHostPort } from './field/host-port.ts';
export { invisibleCharacter, oddCharacter } from './odd-character.ts';
export { suggest } from './suggestion.ts';
