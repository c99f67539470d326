// Drives Okta's Go SDK as it is, and prints what each call got as JSON, for a test to look at.
//
// Reads from its standard input what `given` names. The SDK has three modes here: SSWS with a token, PrivateKey with a
// key in PEM, and JWK with a key as the operator's command prints it. With a pause it lists users before and after it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/okta/okta-sdk-golang/v5/okta"
)

type given struct {
	BaseURL    string   `json:"base_url"`
	Mode       string   `json:"mode"`
	Token      string   `json:"token"`
	ClientID   string   `json:"client_id"`
	PrivateKey string   `json:"private_key"`
	Scopes     []string `json:"scopes"`
	Server     server   `json:"server"`
	From       string   `json:"from"`
	To         string   `json:"to"`
	Filter     string   `json:"filter"`
	Mark       string   `json:"mark"`
	Pause      int      `json:"pause"`
}

type server struct {
	Host      string `json:"host"`
	Port      int32  `json:"port"`
	Username  string `json:"username"`
	Password  string `json:"password"`
	PrivateCA string `json:"private_ca"`
}

// counting is the SDK's HTTP transport, which counts the tokens that are asked for.
type counting struct{ tokens int }

func (c *counting) RoundTrip(request *http.Request) (*http.Response, error) {
	if strings.HasSuffix(request.URL.Path, "/oauth2/v1/token") {
		c.tokens++
	}
	return http.DefaultTransport.RoundTrip(request)
}

func main() {
	var asked given
	must(json.NewDecoder(os.Stdin).Decode(&asked))
	transport := &counting{}
	client := connect(asked, transport)
	ctx := context.Background()

	seen := map[string]any{}
	seen["users"] = users(ctx, client, asked.Mark)
	seen["servers"] = servers(ctx, client, asked)
	seen["log"] = entries(ctx, client, asked.Filter)
	seen["bounces"] = bounces(ctx, client, asked.Mark)
	seen["first"] = logins(ctx, client)
	time.Sleep(time.Duration(asked.Pause) * time.Second)
	seen["later"] = logins(ctx, client)
	seen["tokens"] = transport.tokens
	must(json.NewEncoder(os.Stdout).Encode(seen))
}

func connect(asked given, transport http.RoundTripper) *okta.APIClient {
	settings := []okta.ConfigSetter{
		okta.WithOrgUrl(asked.BaseURL),
		okta.WithAuthorizationMode(asked.Mode),
		okta.WithTestingDisableHttpsCheck(true),
		okta.WithCache(false),
		okta.WithHttpClientPtr(&http.Client{Transport: transport}),
		okta.WithToken(asked.Token),
		okta.WithClientId(asked.ClientID),
		okta.WithScopes(asked.Scopes),
	}
	switch asked.Mode {
	case "PrivateKey":
		settings = append(settings, okta.WithPrivateKey(asked.PrivateKey))
	case "JWK":
		settings = append(settings, okta.WithJWK(asked.PrivateKey), okta.WithEncryptionType("RSA"))
	}
	configuration, err := okta.NewConfiguration(settings...)
	must(err)
	// the SDK leaves the port out of what it takes from the URL
	address, err := url.Parse(asked.BaseURL)
	must(err)
	configuration.Host = address.Host
	return okta.NewAPIClient(configuration)
}

// users makes a user, finds it by id and by search, changes it, and deletes it.
func users(ctx context.Context, client *okta.APIClient, mark string) map[string]any {
	email := mark + "@example.com"
	profile := okta.UserProfile{Email: &email, Login: &email}
	profile.SetFirstName("Go")
	profile.SetLastName("Pher")
	made, _, err := client.UserAPI.CreateUser(ctx).Body(*okta.NewCreateUserRequest(profile)).Execute()
	must(err)
	found, _, err := client.UserAPI.GetUser(ctx, made.GetId()).Execute()
	must(err)
	matching, _, err := client.UserAPI.ListUsers(ctx).Search(`profile.email eq "` + email + `"`).Execute()
	must(err)
	change := okta.NewUpdateUserRequest()
	change.SetProfile(okta.UserProfile{Department: okta.PtrString("Mail")})
	changed, _, err := client.UserAPI.UpdateUser(ctx, made.GetId()).User(*change).Execute()
	must(err)
	for range []string{"deactivate", "delete"} {
		_, err = client.UserAPI.DeleteUser(ctx, made.GetId()).Execute()
		must(err)
	}
	_, _, gone := client.UserAPI.GetUser(ctx, made.GetId()).Execute()
	return map[string]any{
		"made":     made.Profile.GetLogin(),
		"found":    found.Profile.GetEmail(),
		"matching": len(matching),
		"changed":  changed.Profile.GetLastName(),
		"gone":     problem(gone),
	}
}

// servers leads an email server through its life; its get is read as Terraform's provider does.
func servers(ctx context.Context, client *okta.APIClient, asked given) map[string]any {
	api := client.EmailServerAPI
	post := okta.NewEmailServerPost("Go", asked.Server.Host, asked.Server.Port, asked.Server.Username, asked.Server.Password)
	post.AdditionalProperties = map[string]any{"privateCa": asked.Server.PrivateCA}
	made, _, err := api.CreateEmailServer(ctx).EmailServerPost(*post).Execute()
	must(err)
	listed, _, err := api.ListEmailServers(ctx).Execute()
	must(err)
	found, _, err := api.GetEmailServer(ctx, made.GetId()).Execute()
	must(err)
	change := okta.NewEmailServerRequest()
	change.SetAlias("Gone")
	change.SetEnabled(true)
	changed, _, err := api.UpdateEmailServer(ctx, made.GetId()).EmailServerRequest(*change).Execute()
	must(err)
	_, err = api.TestEmailServer(ctx, made.GetId()).
		EmailTestAddresses(*okta.NewEmailTestAddresses(asked.From, asked.To)).Execute()
	must(err)
	_, err = api.DeleteEmailServer(ctx, made.GetId()).Execute()
	must(err)
	left, _, err := api.ListEmailServers(ctx).Execute()
	must(err)
	_, _, gone := api.GetEmailServer(ctx, made.GetId()).Execute()
	return map[string]any{
		"made":    made.GetEnabled(),
		"listed":  len(listed.GetEmailServers()),
		"host":    found.AdditionalProperties["host"],
		"port":    found.AdditionalProperties["port"],
		"changed": []any{changed.GetAlias(), changed.GetEnabled()},
		"left":    len(left.GetEmailServers()),
		"gone":    problem(gone),
	}
}

// entries reads a bounded query of the system log to its end, two entries at a time.
func entries(ctx context.Context, client *okta.APIClient, filter string) map[string]any {
	query := client.SystemLogAPI.ListLogEvents(ctx).Filter(filter).Limit(2)
	page, answer, err := query.Since(time.Now().Add(-time.Hour)).Until(time.Now()).Execute()
	must(err)
	pages, targets := 0, []string{}
	for {
		pages++
		for _, entry := range page {
			targets = append(targets, entry.Target[0].GetId())
		}
		if !answer.HasNextPage() {
			break
		}
		page = nil
		answer, err = answer.Next(&page)
		must(err)
	}
	_, _, refused := client.SystemLogAPI.ListLogEvents(ctx).Filter("nonsense").Execute()
	return map[string]any{"pages": pages, "targets": targets, "refused": problem(refused)}
}

// bounces asks for the removal of an address that is not one, and of one that is not the organization's.
func bounces(ctx context.Context, client *okta.APIClient, mark string) []string {
	list := okta.NewBouncesRemoveListObj()
	list.SetEmailAddresses([]string{"name@okta@com", mark + "@stranger.example.com"})
	result, _, err := client.OrgSettingAPI.BulkRemoveEmailAddressBounces(ctx).BouncesRemoveListObj(*list).Execute()
	must(err)
	reasons := []string{}
	for _, one := range result.GetErrors() {
		reasons = append(reasons, one.GetEmailAddress()+": "+one.GetReason())
	}
	return reasons
}

// logins are those of the first four users, two a page.
func logins(ctx context.Context, client *okta.APIClient) []string {
	page, answer, err := client.UserAPI.ListUsers(ctx).Limit(2).Execute()
	must(err)
	found := []string{}
	for {
		for _, user := range page {
			found = append(found, user.Profile.GetLogin())
		}
		if len(found) >= 4 || !answer.HasNextPage() {
			return found
		}
		page = nil
		answer, err = answer.Next(&page)
		must(err)
	}
}

// problem is Okta's code for an error, or the SDK's words where it read none.
func problem(err error) string {
	var known *okta.GenericOpenAPIError
	if errors.As(err, &known) {
		var body struct {
			ErrorCode string `json:"errorCode"`
		}
		if json.Unmarshal(known.Body(), &body) == nil {
			return body.ErrorCode
		}
	}
	if err == nil {
		return "no error"
	}
	return err.Error()
}

func must(err error) {
	if err == nil {
		return
	}
	var known *okta.GenericOpenAPIError
	if errors.As(err, &known) {
		log.Panicf("%v: %s", err, known.Body())
	}
	log.Panic(err)
}
