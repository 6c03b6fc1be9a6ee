// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0

// The Go peer of the bench: gin, pgx and golang-jwt as Debian 12 packages them.
//
// Settings come from the environment; bench/peers/README.md lists them.
package main

import (
	"context"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v4/pgxpool"
)

const drainTimeout = 10 * time.Second

func main() {
	verifier, err := newVerifier(os.Getenv("PEER_JWKS"), os.Getenv("PEER_ISSUER"), os.Getenv("PEER_AUDIENCE"))
	if err != nil {
		log.Fatalf("key set: %v", err)
	}
	pool, err := connect(os.Getenv("PEER_DATABASE"), os.Getenv("PEER_POOL"))
	if err != nil {
		log.Fatalf("database: %v", err)
	}
	defer pool.Close()

	server := &http.Server{
		Addr:              "127.0.0.1:" + os.Getenv("PEER_PORT"),
		Handler:           newRouter(verifier, &store{pool: pool, batch: os.Getenv("PEER_BATCH") == "1"}),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       75 * time.Second,
	}
	serveUntilSignal(server)
}

// connect opens the pool; size overrides the address's pool_max_conns.
func connect(address, size string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, err
	}
	config.MaxConns, err = poolSize(size)
	if err != nil {
		return nil, err
	}
	return pgxpool.ConnectConfig(context.Background(), config)
}

func newRouter(verifier *verifier, store *store) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.Use(gin.Recovery())
	router.GET("/livez", func(c *gin.Context) { c.Status(http.StatusOK) })
	handler := &orderHandler{store: store}
	router.POST("/v1/orders", verifier.require("orders:write"), handler.create)
	router.GET("/v1/orders/:id", verifier.require("orders:read"), handler.get)
	return router
}

func serveUntilSignal(server *http.Server) {
	stopped, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	go func() {
		if err := server.ListenAndServe(); err != http.ErrServerClosed {
			log.Fatal(err)
		}
	}()
	<-stopped.Done()
	drain, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		log.Print(err)
	}
}
