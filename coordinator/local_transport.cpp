#include "coordinator/local_transport.hpp"

#include <iterator>
#include <utility>

#include "coordinator/launch_environment.hpp"

namespace harrow::coordinator {
namespace {

class LocalTransport : public Transport {
public:
    explicit LocalTransport(SupervisorOptions options) : supervisor_(options) {
        for (const SlotSpec& slot : options.slots) {
            places_.push_back({slot.name, node_name()});
        }
    }

    std::vector<SlotPlace> start() override {
        supervisor_.start();
        return places_;
    }
    void assign(std::size_t slot, const Assign& work) override { supervisor_.assign(slot, work); }
    void withdraw(std::size_t slot, const Withdraw& request) override {
        supervisor_.withdraw(slot, request);
    }
    void cancel(std::size_t slot, const Cancel& request) override {
        supervisor_.cancel(slot, request);
    }
    void request_stop() override { supervisor_.request_stop(); }
    std::vector<TransportEvent> wait(std::chrono::milliseconds timeout) override {
        std::vector<SlotMessage> messages = supervisor_.poll(timeout);
        return {std::make_move_iterator(messages.begin()), std::make_move_iterator(messages.end())};
    }
    void stop(std::chrono::milliseconds grace) override { supervisor_.stop(grace); }

private:
    Supervisor supervisor_;
    std::vector<SlotPlace> places_;
};

}  // namespace

std::unique_ptr<Transport> make_local_transport(SupervisorOptions options) {
    return std::make_unique<LocalTransport>(std::move(options));
}

}  // namespace harrow::coordinator
