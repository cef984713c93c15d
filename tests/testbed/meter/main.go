// Command meter serves one external metric to autoscalers: the number that stands in a file.
//
//	meter ADDRESS FILE
package main

import (
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"log"
	"math/big"
	"net/http"
	"os"
	"path"
	"strings"
	"time"
)

const group = "external.metrics.k8s.io/v1beta1"

type object map[string]any

func main() {
	address, file := os.Args[1], os.Args[2]
	http.HandleFunc("/apis/"+group, func(w http.ResponseWriter, _ *http.Request) {
		one := object{"name": "queue", "singularName": "", "namespaced": true, "kind": "ExternalMetricValueList", "verbs": []string{"get"}}
		answer(w, object{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group, "resources": []object{one}})
	})
	http.HandleFunc("/apis/"+group+"/namespaces/", func(w http.ResponseWriter, r *http.Request) {
		number, err := os.ReadFile(file)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		item := object{
			"metricName": path.Base(r.URL.Path), "metricLabels": object{},
			"timestamp": time.Now().UTC().Format(time.RFC3339), "value": strings.TrimSpace(string(number)),
		}
		answer(w, object{"kind": "ExternalMetricValueList", "apiVersion": group, "metadata": object{}, "items": []object{item}})
	})
	server := http.Server{Addr: address, TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate()}}}
	log.Fatal(server.ListenAndServeTLS("", ""))
}

func answer(w http.ResponseWriter, what object) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(what); err != nil {
		log.Print(err)
	}
}

// certificate signs itself: the API server is told not to look.
func certificate() tls.Certificate {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		log.Fatal(err)
	}
	wanted := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"meter"}, NotAfter: time.Now().Add(24 * time.Hour)}
	signed, err := x509.CreateCertificate(nil, wanted, wanted, public, private)
	if err != nil {
		log.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{signed}, PrivateKey: private}
}
