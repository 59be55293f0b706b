// Signs a URL for Lenslet, with the standard library alone.
//
//	go run sign.go -expires 1798761600 url-keys.json 'https://pictures.example/image/width=800/photo.jpg'
//	go run sign.go -any width=320,640,1280 url-keys.json '/image/width=*/photo.jpg'
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"strings"
)

// Key is a JWK that `lenslet key new --for urls` made.
type Key struct {
	Kty, Kid, K string
}

// Set is an option and the values that it may have, such as width and 320, 640.
type Set struct {
	Name   string
	Values []string
}

// SignURL signs a whole URL or a path. It is valid until expires, in seconds since 1970, or without an end if that is 0.
// With a set, the URL has `width=*`, and any of the values may stand there.
func SignURL(key Key, url string, expires int64, set *Set) (string, error) {
	secret, err := base64.RawURLEncoding.DecodeString(key.K)
	if err != nil || key.Kty != "oct" || len(secret) < 32 {
		return "", errors.New("the key is no secret of at least 256 bits")
	}
	host, path := split(url)
	if !strings.HasPrefix(path, "/") {
		return "", fmt.Errorf("%q is neither a whole URL nor a path", url)
	}
	signed := normalise(path)
	if strings.Contains(signed, "?") {
		signed += "&"
	} else {
		signed += "?"
	}
	if set != nil {
		if !strings.Contains(signed, set.Name+"=*") {
			return "", fmt.Errorf("the URL needs %s=*", set.Name)
		}
		signed += "any=" + set.Name + "." + strings.Join(set.Values, ".") + "&"
	}
	if expires != 0 {
		signed += fmt.Sprintf("exp=%d&", expires)
	}
	signed += "kid=" + key.Kid
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("lenslet-url-1\n" + signed))
	return host + signed + "&sig=" + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), nil
}

// split gives scheme and host, which may be missing, and the rest.
func split(url string) (string, string) {
	if !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") {
		return "", url
	}
	start := strings.Index(url, "://") + 3
	if end := strings.IndexAny(url[start:], "/?#"); end >= 0 {
		return url[:start+end], url[start+end:]
	}
	return url, ""
}

// normalise encodes what browsers would encode; the rest stays as it is.
func normalise(url string) string {
	const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&()*+,;=:@/%?"
	url, _, _ = strings.Cut(url, "#")
	var normal strings.Builder
	for _, b := range []byte(url) {
		if strings.IndexByte(safe, b) >= 0 {
			normal.WriteByte(b)
		} else {
			fmt.Fprintf(&normal, "%%%02X", b)
		}
	}
	return normal.String()
}

func main() {
	log.SetFlags(0)
	expires := flag.Int64("expires", 0, "when it stops being valid, in seconds since 1970")
	anyOf := flag.String("any", "", "an option and the values that it may have, such as width=320,640")
	flag.Parse()
	if flag.NArg() != 2 {
		log.Fatal("usage: sign [-expires UNIX_SECONDS] [-any NAME=VALUE,…] KEYS URL")
	}
	text, err := os.ReadFile(flag.Arg(0))
	if err != nil {
		log.Fatal(err)
	}
	var file struct{ Keys []Key }
	if err := json.Unmarshal(text, &file); err != nil || len(file.Keys) == 0 {
		log.Fatalf("%s is no JWK Set", flag.Arg(0))
	}
	var set *Set
	if name, values, found := strings.Cut(*anyOf, "="); found {
		set = &Set{name, strings.Split(values, ",")}
	}
	signed, err := SignURL(file.Keys[0], flag.Arg(1), *expires, set)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(signed)
}
