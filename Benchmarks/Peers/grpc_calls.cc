// SPDX-License-Identifier: Apache-2.0
// BenchService in grpc C++ with its callback API.
// Usage: grpc_calls PORT
#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <string>

#include "bench.grpc.pb.h"

using traksense::bench::v1::DownloadRequest;
using traksense::bench::v1::Payload;
using traksense::bench::v1::SlowRequest;

class Download final : public grpc::ServerWriteReactor<Payload> {
 public:
  explicit Download(const DownloadRequest &request)
      : left_(request.messages()), size_(request.bytes()) {
    Next();
  }

 private:
  void OnWriteDone(bool ok) override {
    if (ok) {
      Next();
    } else {
      Finish(grpc::Status::CANCELLED);
    }
  }
  void OnDone() override { delete this; }
  void Next() {
    if (left_ == 0) return Finish(grpc::Status::OK);
    --left_;
    // Made anew each time, as a service would.
    payload_.set_body(std::string(size_, '\0'));
    StartWrite(&payload_);
  }

  uint32_t left_;
  const uint32_t size_;
  Payload payload_;
};

class Echo final : public grpc::ServerBidiReactor<Payload, Payload> {
 public:
  Echo() { StartRead(&payload_); }

 private:
  void OnReadDone(bool ok) override {
    if (ok) {
      StartWrite(&payload_);
    } else {
      Finish(grpc::Status::OK);
    }
  }
  void OnWriteDone(bool ok) override {
    if (ok) {
      StartRead(&payload_);
    } else {
      Finish(grpc::Status::CANCELLED);
    }
  }
  void OnDone() override { delete this; }

  Payload payload_;
};

class Slow final : public grpc::ServerUnaryReactor {
 public:
  explicit Slow(const SlowRequest &request) : busy_(request.busy_microseconds()) {
    const auto now = std::chrono::system_clock::now();
    alarm_.Set(now + std::chrono::milliseconds(request.wait_milliseconds()), [this](bool) {
      const auto end = std::chrono::steady_clock::now() + busy_;
      while (std::chrono::steady_clock::now() < end) {
      }
      Finish(grpc::Status::OK);
    });
  }

 private:
  void OnDone() override { delete this; }

  const std::chrono::microseconds busy_;
  grpc::Alarm alarm_;
};

class Service final : public traksense::bench::v1::BenchService::CallbackService {
  grpc::ServerUnaryReactor *Unary(grpc::CallbackServerContext *context, const Payload *request,
                                  Payload *response) override {
    response->set_body(request->body());
    auto *reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  grpc::ServerUnaryReactor *Slow(grpc::CallbackServerContext *, const SlowRequest *request,
                                 Payload *) override {
    return new ::Slow(*request);
  }
  grpc::ServerWriteReactor<Payload> *Download(grpc::CallbackServerContext *,
                                              const DownloadRequest *request) override {
    return new ::Download(*request);
  }
  grpc::ServerBidiReactor<Payload, Payload> *Echo(grpc::CallbackServerContext *) override {
    return new ::Echo();
  }
};

int main(int argc, char **argv) {
  Service service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:" + std::string(argc > 1 ? argv[1] : "0"),
                           grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  builder.BuildAndStart()->Wait();
}
