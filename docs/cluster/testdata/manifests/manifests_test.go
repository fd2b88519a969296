// Package manifests holds the manifests of docs/cluster against the Go types that Kubernetes and Kubeflow publish: an
// unknown or misplaced key is an error. It is a module of its own, since these types bring many modules with them.
package manifests

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	trainer "github.com/kubeflow/trainer/v2/pkg/apis/trainer/v1alpha1"
	batch "k8s.io/api/batch/v1"
	"sigs.k8s.io/yaml"
)

func read(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(data, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if wrong := strings.Replace(string(data), "spec:", "spce:", 1); yaml.UnmarshalStrict([]byte(wrong), into) == nil {
		t.Errorf("%s: a wrong key is taken", name)
	}
}

func TestJob(t *testing.T) {
	var job batch.Job
	read(t, "kubernetes-job.yaml", &job)
	s := job.Spec
	if job.Kind != "Job" || job.APIVersion != batch.SchemeGroupVersion.String() || *s.CompletionMode != batch.IndexedCompletion || *s.Completions != *s.Parallelism {
		t.Errorf("%+v", job)
	}
	if args := strings.Join(s.Template.Spec.Containers[0].Args, " "); !strings.Contains(args, "-shard $(JOB_COMPLETION_INDEX)/4") || *s.Completions != 4 {
		t.Error(args)
	}
	if rule := s.PodFailurePolicy.Rules[0]; *rule.OnExitCodes.ContainerName != s.Template.Spec.Containers[0].Name || rule.OnExitCodes.Values[0] != 75 {
		t.Errorf("%+v", rule)
	}
}

func TestTrainJob(t *testing.T) {
	var runtime trainer.TrainingRuntime
	read(t, "kubeflow-runtime.yaml", &runtime)
	var job trainer.TrainJob
	read(t, "kubeflow-trainjob.yaml", &job)
	version := trainer.GroupVersion.String()
	if runtime.APIVersion != version || job.APIVersion != version || runtime.Kind != trainer.TrainingRuntimeKind || job.Kind != trainer.TrainJobKind {
		t.Errorf("%s, %s, %s, %s", runtime.APIVersion, runtime.Kind, job.APIVersion, job.Kind)
	}
	ref := job.Spec.RuntimeRef
	if ref.Name != runtime.Name || *ref.Kind != runtime.Kind || *ref.APIGroup != trainer.GroupVersion.Group {
		t.Errorf("%+v does not refer to %s", ref, runtime.Name)
	}
	mpi := runtime.Spec.MLPolicy.MPI
	if mpi == nil || *mpi.MPIImplementation != trainer.MPIImplementationOpenMPI || !*mpi.RunLauncherAsNode {
		t.Errorf("%+v", mpi)
	}
	var names []string
	for _, j := range runtime.Spec.Template.Spec.ReplicatedJobs {
		names = append(names, j.Name)
	}
	if strings.Join(names, " ") != "launcher node" {
		t.Error(names)
	}
}
