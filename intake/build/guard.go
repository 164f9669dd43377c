package main

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"
)

// guard keeps count of connections. One that has not shown a valid token is a stranger: there may be few of them, in all
// and by address, and not for long. A new one is never refused for that; the oldest stranger of the address that has most
// makes room, so that a sender with a token, who shows it within milliseconds, gets in through a flood.
type guard struct {
	limits    settings
	figures   *figures
	lock      sync.Mutex
	strangers map[netip.Prefix][]*conn
	count     int
	byToken   map[string]int
}

// conn is a connection, known to the guard from its acceptance to its end.
type conn struct {
	net.Conn
	guard *guard
	from  netip.Prefix
	since time.Time
	// token is the id of the token that was shown, empty for a stranger; gone: it has been closed. By the guard's lock.
	token string
	gone  bool
}

type connKey struct{}

func newGuard(limits settings, figures *figures) *guard {
	guard := &guard{limits: limits, figures: figures, strangers: map[netip.Prefix][]*conn{}, byToken: map[string]int{}}
	figures.connections = guard.counts
	return guard
}

type guardedListener struct {
	net.Listener
	guard *guard
}

func (g *guard) watch(listener net.Listener) net.Listener { return guardedListener{listener, g} }

func (l guardedListener) Accept() (net.Conn, error) {
	plain, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	accepted := &conn{Conn: plain, guard: l.guard, from: network(plain.RemoteAddr()), since: time.Now()}
	l.guard.admit(accepted)
	return accepted, nil
}

// network is whom a limit by address counts: an address, of IPv6 the 64 bits that one machine is given.
func network(address net.Addr) netip.Prefix {
	parsed, err := netip.ParseAddrPort(address.String())
	if err != nil {
		return netip.Prefix{}
	}
	plain := parsed.Addr().Unmap().WithZone("")
	bits := plain.BitLen()
	if plain.Is6() {
		bits = 64
	}
	prefix, _ := plain.Prefix(bits)
	return prefix
}

func (g *guard) admit(accepted *conn) {
	var evicted *conn
	g.lock.Lock()
	if len(g.strangers[accepted.from]) >= g.limits.addresses {
		evicted = g.strangers[accepted.from][0]
	} else if g.count >= g.limits.strangers {
		evicted = g.oldestOfMost()
	}
	if evicted != nil {
		g.forget(evicted)
	}
	g.strangers[accepted.from] = append(g.strangers[accepted.from], accepted)
	g.count++
	g.lock.Unlock()
	if evicted != nil {
		g.figures.refuse("strangers")
		evicted.abort()
	}
}

func (g *guard) oldestOfMost() *conn {
	var most []*conn
	for _, waiting := range g.strangers {
		if len(waiting) > len(most) || len(waiting) == len(most) && waiting[0].since.Before(most[0].since) {
			most = waiting
		}
	}
	return most[0]
}

// forget takes a connection out of the count. The lock is held.
func (g *guard) forget(c *conn) {
	if c.gone {
		return
	}
	c.gone = true
	if c.token != "" {
		if g.byToken[c.token]--; g.byToken[c.token] == 0 {
			delete(g.byToken, c.token)
		}
		return
	}
	g.forgetStranger(c)
}

func (g *guard) forgetStranger(c *conn) {
	waiting := g.strangers[c.from]
	for place, other := range waiting {
		if other == c {
			waiting = append(waiting[:place], waiting[place+1:]...)
			break
		}
	}
	g.count--
	if len(waiting) == 0 {
		delete(g.strangers, c.from)
	} else {
		g.strangers[c.from] = waiting
	}
}

// authenticated moves a connection to those of its token, and says whether there is room for it.
func (g *guard) authenticated(c *conn, token string) bool {
	g.lock.Lock()
	defer g.lock.Unlock()
	if c.gone || c.token == token {
		return !c.gone
	}
	if g.byToken[token] >= g.limits.perToken {
		return false
	}
	g.byToken[token]++
	if c.token == "" {
		g.forgetStranger(c)
	} else if g.byToken[c.token]--; g.byToken[c.token] == 0 {
		delete(g.byToken, c.token)
	}
	c.token = token
	return true
}

func (g *guard) counts() (strangers, known int) {
	g.lock.Lock()
	defer g.lock.Unlock()
	for _, count := range g.byToken {
		known += count
	}
	return g.count, known
}

// sweep closes strangers whose time is up, whatever they have sent until now: part of a handshake, of a header, of a frame.
func (g *guard) sweep(ctx context.Context) {
	pace := time.NewTicker(max(g.limits.header/10, time.Millisecond))
	defer pace.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-pace.C:
			for _, late := range g.late(now.Add(-g.limits.header)) {
				g.figures.refuse("header_timeout")
				late.abort()
			}
		}
	}
}

func (g *guard) late(since time.Time) []*conn {
	g.lock.Lock()
	defer g.lock.Unlock()
	var found []*conn
	for _, waiting := range g.strangers {
		for _, each := range waiting {
			if each.since.Before(since) {
				found = append(found, each)
			}
		}
	}
	for _, each := range found {
		g.forget(each)
	}
	return found
}

// remember lets a handler find its connection.
func (g *guard) remember(ctx context.Context, c net.Conn) context.Context {
	if secured, ok := c.(interface{ NetConn() net.Conn }); ok {
		c = secured.NetConn()
	}
	return context.WithValue(ctx, connKey{}, c)
}

func (c *conn) Close() error {
	c.guard.lock.Lock()
	c.guard.forget(c)
	c.guard.lock.Unlock()
	return c.Conn.Close()
}

// abort closes without waiting for what the peer has still to take.
func (c *conn) abort() {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Conn.Close()
}
