// Reads aws-auth as kubernetes-sigs/aws-iam-authenticator does, for the differential test of this folder.
//
// Each line of stdin is the data of a ConfigMap as JSON. Each line of stdout is what mapRoles, mapUsers and mapAccounts of that data give:
// ToJSON of k8s.io/apimachinery and encoding/json for the entries, gopkg.in/yaml.v2 for the accounts.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	yamlv2 "gopkg.in/yaml.v2"
	"k8s.io/apimachinery/pkg/util/yaml"
)

type sso struct {
	PermissionSetName string `json:"permissionSetName"`
	AccountID         string `json:"accountID"`
	Partition         string `json:"partition,omitempty"`
}

type role struct {
	RoleARN  string   `json:"rolearn"`
	SSO      *sso     `json:"sso"`
	Username string   `json:"username"`
	Groups   []string `json:"groups"`
	UserID   string   `json:"userid"`
}

type user struct {
	UserARN  string   `json:"userarn"`
	Username string   `json:"username"`
	Groups   []string `json:"groups"`
	UserID   string   `json:"userid"`
}

var (
	accountID         = regexp.MustCompile(`^[0-9]{12}$`)
	permissionSetName = regexp.MustCompile(`^[\w+=,.@-]{1,32}$`)
	partitions        = []string{"", "aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"}
)

// entry is an item of a list, as far as it could be read.
type entry struct {
	// ARN is as it is written; of a permission set, the ARN of its roles up to their last underscore. Empty if the item is dropped.
	ARN      string   `json:"arn"`
	Username string   `json:"username"`
	Groups   []string `json:"groups"`
}

type answer struct {
	// Roles and Users have one entry for each item of their list.
	Roles    []entry  `json:"roles"`
	Users    []entry  `json:"users"`
	Accounts []string `json:"accounts"`
	// Unconvertible has the data keys whose text is a list in YAML, and has a value somewhere that JSON can't hold.
	Unconvertible []string `json:"unconvertible"`
}

func main() {
	in := bufio.NewReader(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil {
			err = write(out, line)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func write(out *bufio.Writer, line []byte) error {
	data := map[string]string{}
	if err := json.Unmarshal(line, &data); err != nil {
		return err
	}
	written, err := json.Marshal(read(data))
	if err != nil {
		return err
	}
	if _, err := out.Write(append(written, '\n')); err != nil {
		return err
	}
	return out.Flush()
}

func read(data map[string]string) answer {
	var roles []role
	var users []user
	made := answer{Roles: []entry{}, Users: []entry{}, Accounts: []string{}, Unconvertible: []string{}}
	for key, parse := range map[string]func(text []byte) error{
		"mapRoles":    func(text []byte) error { return unmarshal(text, &roles) },
		"mapUsers":    func(text []byte) error { return unmarshal(text, &users) },
		"mapAccounts": func(text []byte) error { return yamlv2.Unmarshal(text, &made.Accounts) },
	} {
		// What could be read before an error, and after it, stays.
		if err := guarded(data[key], parse); err != nil && isConversionError(err) {
			made.Unconvertible = append(made.Unconvertible, key)
		}
	}
	for _, r := range roles {
		made.Roles = append(made.Roles, entry{ARN: arnOf(r), Username: r.Username, Groups: r.Groups})
	}
	for _, u := range users {
		made.Users = append(made.Users, entry{ARN: u.UserARN, Username: u.Username, Groups: u.Groups})
	}
	return made
}

func arnOf(r role) string {
	if r.SSO == nil {
		return r.RoleARN
	}
	known := slices.Contains(partitions, r.SSO.Partition)
	if r.RoleARN != "" || !known || !accountID.MatchString(r.SSO.AccountID) || !permissionSetName.MatchString(r.SSO.PermissionSetName) {
		return ""
	}
	// The other program loses the partition here.
	return fmt.Sprintf("arn:%s:iam::%s:role/AWSReservedSSO_%s_", cmp.Or(r.SSO.Partition, "aws"), r.SSO.AccountID, r.SSO.PermissionSetName)
}

// isConversionError tells an error about a value, such as a map as the key of a map or an infinite number, from one about the syntax.
func isConversionError(err error) bool {
	var unsupported *json.UnsupportedValueError
	message := err.Error()
	return errors.As(err, &unsupported) || strings.HasPrefix(message, "yaml: invalid map key:") || strings.HasPrefix(message, "unsupported map key of type:")
}

func unmarshal(text []byte, into any) error {
	converted, err := yaml.ToJSON(text)
	if err != nil {
		return err
	}
	return json.Unmarshal(converted, into)
}

// guarded parses a text unless it is what people write for an empty list. A panic, which would end the other program, is an error.
func guarded(text string, parse func(text []byte) error) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("panic: %v", fault)
		}
	}()
	switch strings.TrimSpace(text) {
	case "", "``", `""`, "''":
		return nil
	}
	return parse([]byte(text))
}
