// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0
/*
 * Shows /openapi.json. It is for reading: requests are not sent from here, so nobody needs to bring credentials.
 */
const nothing = () => () => null;

/* The viewer would ask the provider for its metadata, and the provider is another host. */
function withoutDiscovery(description) {
    for (const scheme of Object.values(description.components.securitySchemes)) {
        if (scheme.type !== 'openIdConnect') continue;
        scheme.description += `\n\n${scheme.openIdConnectUrl}`;
        delete scheme.openIdConnectUrl;
        Object.assign(scheme, { type: 'http', scheme: 'bearer' });
    }
    return description;
}

/* global SwaggerUIBundle */
const answer = await fetch('/openapi.json');
SwaggerUIBundle({
    spec: withoutDiscovery(await answer.json()),
    dom_id: '#docs',
    deepLinking: true,
    supportedSubmitMethods: [],
    validatorUrl: null,
    plugins: [() => ({ wrapComponents: { authorizeBtn: nothing, authorizeOperationBtn: nothing } })],
});
