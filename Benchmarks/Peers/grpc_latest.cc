// SPDX-License-Identifier: Apache-2.0
// The peer of BenchServer: the same `Latest`, answered by grpc C++ with its callback API.
// Usage: grpc_latest PORT
#include <grpcpp/grpcpp.h>

#include <string>

#include "traksense/v1/telemetry.grpc.pb.h"

using traksense::v1::LatestRequest;
using traksense::v1::LatestResponse;

// As in BenchServer: the rows are in memory, nothing is formatted for a request.
class Service final : public traksense::v1::TelemetryService::CallbackService {
  grpc::ServerUnaryReactor *Latest(grpc::CallbackServerContext *context, const LatestRequest *request,
                                   LatestResponse *response) override {
    response->set_device_id(request->device_id());
    response->mutable_timestamp()->set_seconds(1735732800);
    response->set_count(request->sensor_id_size());
    for (int index = 0; index < request->sensor_id_size(); ++index) {
      auto *reading = response->add_readings();
      reading->set_device_id(request->device_id());
      reading->set_sensor_id(request->sensor_id(index));
      reading->set_value(23.5 + index);
      reading->set_unit("\u00b0C");
      reading->mutable_timestamp()->set_seconds(1735732800);
      reading->set_sensor_type("temp_supply");
    }
    auto *reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
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
