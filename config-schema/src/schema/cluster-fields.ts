import { Type } from '@penstock/json-schema';
import { group, quantity, text } from './field.ts';

/** `cluster` of gateway.yaml. */
export const cluster = group(
  'Makes this gateway a replica of several that share one store. They relay clients to each other.',
  {
    name: Type.Optional(
      text('name', 'Name of this replica, unique in the cluster. Default: the name of the host.'),
    ),
    listen: text('listen', 'Address for the other replicas. Not for agents, clients, or a load balancer.', {
      default: '0.0.0.0:8444',
    }),
    advertise: Type.Optional(
      text(
        'address',
        'Address at which the other replicas reach this one: `${env:POD_IP}:8444`. Default: `listen`, if it names an address.',
      ),
    ),
    rebalanceInterval: quantity(
      'duration',
      'How often 1 % of the agents are sent to other replicas while this one has over 125 % of the mean, as after their restart; 0 never does.',
      { default: '10s', min: '0s', max: '1h' },
    ),
  },
);
