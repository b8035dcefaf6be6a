#include "coordinator/local_transport.hpp"

#include <iterator>
#include <utility>

namespace harrow::coordinator {
namespace {

class LocalTransport : public Transport {
public:
    explicit LocalTransport(SupervisorOptions options) : supervisor_(options) {
        for (const SlotSpec& slot : options.slots) {
            names_.push_back(slot.name);
        }
    }

    std::vector<std::string> start() override {
        supervisor_.start();
        return names_;
    }
    void assign(std::size_t slot, const Assign& work) override { supervisor_.assign(slot, work); }
    void withdraw(std::size_t slot, const Withdraw& request) override {
        supervisor_.withdraw(slot, request);
    }
    std::vector<TransportEvent> wait(std::chrono::milliseconds timeout) override {
        std::vector<SlotMessage> messages = supervisor_.poll(timeout);
        return {std::make_move_iterator(messages.begin()), std::make_move_iterator(messages.end())};
    }
    void stop(std::chrono::milliseconds grace) override { supervisor_.stop(grace); }

private:
    Supervisor supervisor_;
    std::vector<std::string> names_;
};

}  // namespace

std::unique_ptr<Transport> make_local_transport(SupervisorOptions options) {
    return std::make_unique<LocalTransport>(std::move(options));
}

}  // namespace harrow::coordinator
