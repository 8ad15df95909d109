import { constant, integer, optionalGroup, quantity } from './field.ts';

/** The one shape of file this release reads. */
export const API_VERSION = 'penstock/v1';

export const apiVersion = constant(API_VERSION, 'Shape of this file.');

export const fileVersion = {
  ...integer("This file's own version: raise it with every change; the control plane pins it.", {
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
  }),
  literal: true,
};

export const drain = optionalGroup('Leaving in good order, on SIGTERM.', {
  timeout: quantity('duration', 'How long client connections may go on before they are reset.', {
    default: '30s',
    min: '0s',
    max: '1d',
  }),
});
