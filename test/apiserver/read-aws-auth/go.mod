module aws-iam-authenticator-workspace/test/apiserver/read-aws-auth

go 1.25.0

require (
	gopkg.in/yaml.v2 v2.4.0
	k8s.io/apimachinery v0.35.4
)

require (
	go.yaml.in/yaml/v2 v2.4.4 // indirect
	sigs.k8s.io/json v0.0.0-20250730193827-2d320260d730 // indirect
	sigs.k8s.io/yaml v1.6.0 // indirect
)
