// One kube-apiserver with its own etcd in one process, for the tests of this folder.
//
//	kube-apiserver ETCD_DATA_FOLDER [flags of kube-apiserver]
//
// etcd listens on a free port of 127.0.0.1 and keeps its data in the folder, so that a restarted server finds its objects.
package main

import (
	"fmt"
	"net/url"
	"os"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

const etcdStart = 60 * time.Second

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: kube-apiserver ETCD_DATA_FOLDER [flags of kube-apiserver]")
		os.Exit(2)
	}
	etcd, err := startEtcd(os.Args[1])
	if err != nil {
		fmt.Fprintf(os.Stderr, "etcd: %v\n", err)
		os.Exit(1)
	}

	command := app.NewAPIServerCommand()
	command.SetArgs(append([]string{"--etcd-servers=http://" + etcd.Clients[0].Addr().String()}, os.Args[2:]...))
	code := cli.Run(command)
	etcd.Close()
	os.Exit(code)
}

// startEtcd starts a single member and returns when it answers.
func startEtcd(folder string) (*embed.Etcd, error) {
	anyPort := []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	config := embed.NewConfig()
	config.Dir = folder
	config.LogLevel = "error"
	config.ListenClientUrls = anyPort
	config.AdvertiseClientUrls = anyPort
	config.ListenPeerUrls = anyPort
	config.AdvertisePeerUrls = anyPort
	// The gateway of etcd's JSON API would dial the advertised port, which is none.
	config.EnableGRPCGateway = false
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	// A test's data need not outlive a power cut, and a disk shared with other tests is slow to sync.
	config.UnsafeNoFsync = true

	etcd, err := embed.StartEtcd(config)
	if err != nil {
		return nil, err
	}
	select {
	case <-etcd.Server.ReadyNotify():
		return etcd, nil
	case err := <-etcd.Err():
		return nil, err
	case <-time.After(etcdStart):
		etcd.Close()
		return nil, fmt.Errorf("not ready after %s", etcdStart)
	}
}
