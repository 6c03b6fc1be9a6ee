// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"os"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt"
)

const subjectKey = "subject"

// verifier checks bearer tokens: RS256 by a key of the set, issuer, audience, expiry, scope. It remembers no token.
type verifier struct {
	keys     map[string]*rsa.PublicKey
	parser   *jwt.Parser
	issuer   string
	audience string
}

type accessClaims struct {
	jwt.RegisteredClaims
	Scope string `json:"scope"`
}

var errToken = errors.New("the token is not for this service")

func newVerifier(path, issuer, audience string) (*verifier, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	keys, err := parseKeySet(text)
	if err != nil {
		return nil, err
	}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}))
	return &verifier{keys: keys, parser: parser, issuer: issuer, audience: audience}, nil
}

// parseKeySet takes the RSA keys of a JWK set and passes over the others.
func parseKeySet(text []byte) (map[string]*rsa.PublicKey, error) {
	var set struct {
		Keys []struct{ Kty, Kid, N, E string }
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, err
	}
	keys := make(map[string]*rsa.PublicKey)
	for _, key := range set.Keys {
		if key.Kty != "RSA" {
			continue
		}
		modulus, err := base64.RawURLEncoding.DecodeString(key.N)
		if err != nil {
			return nil, err
		}
		exponent, err := base64.RawURLEncoding.DecodeString(key.E)
		if err != nil {
			return nil, err
		}
		e := new(big.Int).SetBytes(exponent).Int64()
		keys[key.Kid] = &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: int(e)}
	}
	return keys, nil
}

func (v *verifier) key(token *jwt.Token) (interface{}, error) {
	kid, _ := token.Header["kid"].(string)
	if key := v.keys[kid]; key != nil {
		return key, nil
	}
	return nil, errToken
}

func (v *verifier) verify(text string) (*accessClaims, error) {
	claims := new(accessClaims)
	if _, err := v.parser.ParseWithClaims(text, claims, v.key); err != nil {
		return nil, err
	}
	known := claims.VerifyIssuer(v.issuer, true) && claims.VerifyAudience(v.audience, true)
	if !known || claims.ExpiresAt == nil {
		return nil, errToken
	}
	return claims, nil
}

// require is the middleware that lets in who has a good token with the scope.
func (v *verifier) require(scope string) gin.HandlerFunc {
	return func(c *gin.Context) {
		token, isBearer := bearer(c.GetHeader("Authorization"))
		if !isBearer {
			c.Header("WWW-Authenticate", "Bearer")
			refuse(c, http.StatusUnauthorized, "a bearer token is required")
			return
		}
		claims, err := v.verify(token)
		if err != nil {
			c.Header("WWW-Authenticate", `Bearer error="invalid_token"`)
			refuse(c, http.StatusUnauthorized, "the token is not valid")
			return
		}
		if !hasScope(claims.Scope, scope) {
			refuse(c, http.StatusForbidden, "the token lacks the scope "+scope)
			return
		}
		c.Set(subjectKey, claims.Subject)
	}
}

func bearer(header string) (string, bool) {
	const scheme = "bearer "
	if len(header) < len(scheme) || !strings.EqualFold(header[:len(scheme)], scheme) {
		return "", false
	}
	return header[len(scheme):], true
}

func hasScope(scopes, wanted string) bool {
	for _, scope := range strings.Fields(scopes) {
		if scope == wanted {
			return true
		}
	}
	return false
}
