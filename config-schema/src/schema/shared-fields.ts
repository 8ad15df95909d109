import { constant, integer, optionalGroup, quantity } from './field.ts';

/** The only file format that this release reads. */
export const API_VERSION = 'penstock/v1';

export const apiVersion = constant(API_VERSION, 'Format of this file.');

export const fileVersion = {
  ...integer('Version of this file. Raise it with every change; the control plane pins it.', {
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
  }),
  literal: true,
};

export const drain = optionalGroup('Graceful shutdown on SIGTERM.', {
  timeout: quantity('duration', 'How long open client connections may continue before they are reset.', {
    default: '30s',
    min: '0s',
    max: '1d',
  }),
});
