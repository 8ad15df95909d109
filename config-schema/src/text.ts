export { isAddressRange } from './address-ranges.ts';
export { formatHostPort } from './field/host-port.ts';
export { characterWords } from './odd-character.ts';
export { suggest } from './suggestion.ts';
