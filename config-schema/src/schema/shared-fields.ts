import { Type } from '@penstock/json-schema';
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

const timeout = quantity('duration', 'How long open client connections may continue before they are reset.', {
  default: '30s',
  min: '0s',
  max: '1d',
});

const DRAIN = 'Graceful shutdown on SIGTERM.';

export const drain = optionalGroup(DRAIN, { timeout });

export const gatewayDrain = optionalGroup(DRAIN, {
  settle: Type.Optional(
    quantity(
      'duration',
      'How long the ports stay open when the gateway is no longer ready, until load balancers have noticed; 0 closes them at once. Default: 10s with `cluster`, otherwise 0s.',
      { min: '0s', max: '10m' },
    ),
  ),
  spread: quantity(
    'duration',
    'Time within which agents are asked to connect to another replica; used with `settle`. Small fleets need less.',
    { default: '15s', min: '0s', max: '10m' },
  ),
  timeout,
});
