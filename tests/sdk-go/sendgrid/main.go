// Drives SendGrid's Go client as it is over lists, unsubscribe groups and the address whitelist; prints what each call
// got as JSON, for a test to look at.
//
// Environment: BASE_URL, TOKEN, NAME of a new group, and ADDRESSES (a JSON array of four on the bounce list).
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/url"
	"os"

	"github.com/sendgrid/rest"
	"github.com/sendgrid/sendgrid-go"
)

type answer struct {
	Status int `json:"status"`
	Body   any `json:"body"`
}

// ask makes one request as the client's README shows.
func ask(method rest.Method, path string, query map[string]string, body any) answer {
	request := sendgrid.GetRequest(os.Getenv("TOKEN"), path, os.Getenv("BASE_URL"))
	request.Method, request.QueryParams = method, query
	if body != nil {
		text, err := json.Marshal(body)
		must(err)
		request.Body = text
	}
	// it waits and asks again by itself where a limit is met
	response, err := sendgrid.MakeRequestRetry(request)
	must(err)
	seen := answer{Status: response.StatusCode}
	if response.Body != "" {
		must(json.Unmarshal([]byte(response.Body), &seen.Body))
	}
	return seen
}

func main() {
	var addresses []string
	must(json.Unmarshal([]byte(os.Getenv("ADDRESSES")), &addresses))
	seen := map[string]answer{}
	groups(seen, os.Getenv("NAME"), addresses)
	lists(seen, addresses)
	whitelist(seen, addresses[0])
	must(json.NewEncoder(os.Stdout).Encode(seen))
}

// groups calls each of the eleven routes below /v3/asm that unsubscribe groups have.
func groups(seen map[string]answer, name string, addresses []string) {
	all := "/v3/asm/groups"
	emails := map[string]any{"recipient_emails": addresses[:2]}
	seen["create"] = ask(rest.Post, all, nil, map[string]any{"name": name, "description": "by Go"})
	seen["again"] = ask(rest.Post, all, nil, map[string]any{"name": name, "description": "by Go"})
	id := fmt.Sprint(int(seen["create"].Body.(map[string]any)["id"].(float64)))
	group := all + "/" + id
	seen["change"] = ask(rest.Patch, group, nil, map[string]any{"name": name, "description": "changed"})
	seen["add"] = ask(rest.Post, group+"/suppressions", nil, emails)
	seen["get"] = ask(rest.Get, group, nil, nil)
	seen["some"] = ask(rest.Get, all, map[string]string{"id": id}, nil)
	seen["members"] = ask(rest.Get, group+"/suppressions", nil, nil)
	seen["search"] = ask(rest.Post, group+"/suppressions/search", nil, emails)
	seen["remove"] = ask(rest.Delete, group+"/suppressions/"+url.PathEscape(addresses[0]), nil, nil)
	seen["entries"] = ask(rest.Get, "/v3/asm/suppressions", map[string]string{"limit": "20000"}, nil)
	seen["groupsOf"] = ask(rest.Get, "/v3/asm/suppressions/"+url.PathEscape(addresses[1]), nil, nil)
	seen["delete"] = ask(rest.Delete, group, nil, nil)
	seen["gone"] = ask(rest.Get, group, nil, nil)
}

func lists(seen map[string]answer, addresses []string) {
	bounces, everyone := "/v3/suppression/bounces", "/v3/asm/suppressions/global"
	plus := url.PathEscape(addresses[3])
	seen["list"] = ask(rest.Get, bounces, map[string]string{"limit": "500", "email": addresses[0][:12]}, nil)
	seen["outOfRange"] = ask(rest.Get, bounces, map[string]string{"limit": "501"}, nil)
	seen["one"] = ask(rest.Get, bounces+"/"+plus, nil, nil)
	seen["deleteOne"] = ask(rest.Delete, bounces+"/"+plus, nil, nil)
	seen["deleteAgain"] = ask(rest.Delete, bounces+"/"+plus, nil, nil)
	seen["deleteSome"] = ask(rest.Delete, bounces, nil, map[string]any{"emails": addresses[1:3]})
	seen["left"] = ask(rest.Get, bounces, map[string]string{"email": addresses[0][:12]}, nil)
	seen["unsubscribe"] = ask(rest.Post, everyone, nil, map[string]any{"recipient_emails": addresses[:1]})
	seen["unsubscribed"] = ask(rest.Get, everyone+"/"+url.PathEscape(addresses[0]), nil, nil)
	seen["resubscribe"] = ask(rest.Delete, everyone+"/"+url.PathEscape(addresses[0]), nil, nil)
	for _, name := range []string{"blocks", "invalid_emails", "spam_reports", "unsubscribes"} {
		seen[name] = ask(rest.Get, "/v3/suppression/"+name, map[string]string{"limit": "1"}, nil)
	}
}

func whitelist(seen map[string]answer, address string) {
	setting := "/v3/mail_settings/address_whitelist"
	seen["setWhitelist"] = ask(rest.Patch, setting, nil, map[string]any{"enabled": true, "list": []string{address, "example.net"}})
	seen["whitelist"] = ask(rest.Get, setting, nil, nil)
	seen["notWhitelist"] = ask(rest.Patch, setting, nil, map[string]any{"enabled": true, "list": []string{"@"}})
	seen["unsetWhitelist"] = ask(rest.Patch, setting, nil, map[string]any{"enabled": false, "list": []string{}})
}

func must(err error) {
	if err != nil {
		log.Panic(err)
	}
}
