import { Type } from '@penstock/json-schema';
import { group, list, optionalGroup, text, word } from './field.ts';

/** `signIn` of gateway.yaml. */
export const signIn = optionalGroup(
  'How people sign in to the console, in addition to links of `penstock-gateway console`.',
  {
    oidc: Type.Optional(
      group('OpenID Connect provider. Register `console.url` followed by `/console/oidc/callback` there.', {
        issuer: text('issuer', 'Issuer URL of the provider.'),
        clientId: text('text', 'ID of this gateway at the provider.'),
        clientSecret: text('secret', 'Its secret, as a reference: `${file:/etc/penstock/oidc-secret}`.'),
        scopes: list(text('text', 'A scope.'), 'Scopes that are requested.', {
          default: ['openid', 'profile', 'email'],
          minItems: 1,
          maxItems: 20,
          uniqueItems: true,
        }),
        groupsClaim: text(
          'text',
          'Claim with the groups of a user. Dots lead into objects: `realm_access.roles`.',
          {
            default: 'groups',
          },
        ),
        roles: list(
          group('The role of a group.', {
            group: text('text', 'A value of the claim.'),
            role: word(
              ['viewer', 'operator', 'admin'],
              'Role of its members; the highest of all groups counts.',
            ),
          }),
          'Roles by group. Users without one are refused.',
          { minItems: 1, maxItems: 500 },
        ),
      }),
    ),
  },
);

/** `console` of gateway.yaml. */
export const webConsole = optionalGroup('The web console, on the admin address at /console/.', {
  url: Type.Optional(
    text(
      'consoleUrl',
      'URL at which browsers reach the admin address, without a path. Links in notifications use it. Required behind a TLS proxy; without TLS, browsers are accepted on loopback only.',
    ),
  ),
});
