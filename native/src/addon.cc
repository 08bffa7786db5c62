// SPDX-License-Identifier: MIT
// The typed seam to JavaScript: arguments are checked here, errors carry {code, errno, hint}.
#include <napi.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "session.h"
#include "signal.h"

namespace {

const char* errno_name(int number) {
  const char* name = strerrorname_np(number);
  return name ? name : "EUNKNOWN";
}

// Without the wrapper: at the end of an environment every call fails, and there is nobody to tell.
napi_value error_value(napi_env env, const spy::Error& e) {
  auto text = [&](const std::string& from) {
    napi_value value = nullptr;
    napi_create_string_utf8(env, from.data(), from.size(), &value);
    return value;
  };
  napi_value error = nullptr, number = nullptr;
  napi_create_error(env, nullptr, text(e.message), &error);
  napi_create_int32(env, e.number, &number);
  napi_set_named_property(env, error, "code", text(errno_name(e.number)));
  napi_set_named_property(env, error, "errno", number);
  napi_set_named_property(env, error, "hint", text(e.hint));
  return error;
}

void throw_error(napi_env env, const spy::Error& e) { napi_throw(env, error_value(env, e)); }

class SessionWrap : public Napi::ObjectWrap<SessionWrap> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Session",
                       {
                           InstanceMethod<&SessionWrap::start>("start"),
                           InstanceMethod<&SessionWrap::snapshot>("snapshot"),
                           InstanceMethod<&SessionWrap::refresh>("refresh"),
                           InstanceMethod<&SessionWrap::read>("read"),
                           InstanceMethod<&SessionWrap::features>("features"),
                           InstanceMethod<&SessionWrap::stats>("stats"),
                           InstanceMethod<&SessionWrap::close>("close"),
                       });
  }

  explicit SessionWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<SessionWrap>(info) {}

 private:
  // Opens, loads and attaches on a thread of Node's pool, so that JavaScript goes on meanwhile. Until that is over nothing
  // else touches the session: other calls are refused, close only asks for the end.
  Napi::Value start(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    if (busy(env)) return env.Undefined();
    spy::Options options;
    if (info.Length() != 1 || !info[0].IsObject() || !info[0].As<Napi::Object>().Get("objectPath").IsString()) {
      Napi::TypeError::New(env, "start({ objectPath: string, activityBytes?: number })").ThrowAsJavaScriptException();
      return env.Undefined();
    }
    Napi::Object o = info[0].As<Napi::Object>();
    options.object_path = o.Get("objectPath").As<Napi::String>().Utf8Value();
    Napi::Value bytes = o.Get("activityBytes");
    if (!bytes.IsUndefined()) {
      double n = bytes.IsNumber() ? bytes.As<Napi::Number>().DoubleValue() : 0;
      bool power_of_two = n >= 4096 && n <= (1u << 30) && !(static_cast<uint32_t>(n) & (static_cast<uint32_t>(n) - 1));
      if (!power_of_two || n != static_cast<uint32_t>(n)) {
        Napi::RangeError::New(env, "activityBytes: a power of two from 4096 to 2^30").ThrowAsJavaScriptException();
        return env.Undefined();
      }
      options.activity_bytes = static_cast<uint32_t>(n);
    }
    options_ = std::move(options);
    abandoned_ = false;
    napi_value promise = nullptr;
    if (napi_create_promise(env, &deferred_, &promise) != napi_ok ||
        napi_create_async_work(env, nullptr, Napi::String::New(env, "spydertop.start"), &SessionWrap::work, &SessionWrap::worked, this,
                               &work_) != napi_ok)
      return env.Undefined();
    Ref();
    napi_queue_async_work(env, work_);
    return Napi::Value(env, promise);
  }

  static void work(napi_env, void* data) {
    SessionWrap* self = static_cast<SessionWrap*>(data);
    self->error_ = self->session_.open(self->options_);
    if (!self->error_ && !self->abandoned_) self->error_ = self->session_.load();
    if (!self->error_ && !self->abandoned_) self->error_ = self->session_.attach();
  }

  static void worked(napi_env env, napi_status, void* data) {
    SessionWrap* self = static_cast<SessionWrap*>(data);
    napi_delete_async_work(env, self->work_);
    self->work_ = nullptr;
    if (self->abandoned_) self->error_ = {ECANCELED, "the capture was closed before it had started", ""};
    if (self->error_) {
      self->session_.close();
      napi_reject_deferred(env, self->deferred_, error_value(env, self->error_));
    } else {
      napi_value undefined = nullptr;
      napi_get_undefined(env, &undefined);
      napi_resolve_deferred(env, self->deferred_, undefined);
    }
    self->Unref();
  }

  // Whether the session belongs to its starting thread; throws then.
  bool busy(Napi::Env env) const {
    if (work_) throw_error(env, {EBUSY, "the capture is starting", "wait for start() to settle"});
    return work_ != nullptr;
  }

  Napi::Value snapshot(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    if (busy(env)) return env.Undefined();
    std::vector<uint32_t> tgids;
    if (spy::Error e = session_.snapshot(tgids)) {
      throw_error(env, e);
      return env.Undefined();
    }
    Napi::Uint32Array out = Napi::Uint32Array::New(env, tgids.size());
    if (!tgids.empty()) std::memcpy(out.Data(), tgids.data(), tgids.size() * sizeof(uint32_t));
    return out;
  }

  Napi::Value refresh(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    if (busy(env)) return env.Undefined();
    if (spy::Error e = session_.refresh()) throw_error(env, e);
    return env.Undefined();
  }

  Napi::Value read(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    if (info.Length() != 1 || !info[0].IsTypedArray() || info[0].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
      Napi::TypeError::New(env, "read(into: Uint8Array)").ThrowAsJavaScriptException();
      return env.Undefined();
    }
    if (busy(env)) return env.Undefined();
    Napi::Uint8Array into = info[0].As<Napi::Uint8Array>();
    if (into.ByteLength() < spy::BatchBuilder::kMinimum || into.ByteOffset() % 8) {
      Napi::RangeError::New(env, "read: at least 65536 bytes at an offset that is a multiple of 8").ThrowAsJavaScriptException();
      return env.Undefined();
    }
    return Napi::Number::New(env, static_cast<double>(session_.read({into.Data(), into.ByteLength()})));
  }

  Napi::Value features(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    if (busy(env)) return env.Undefined();
    Napi::Array out = Napi::Array::New(env);
    uint32_t i = 0;
    for (const spy::FeatureState& f : session_.features()) {
      Napi::Object o = Napi::Object::New(env);
      o.Set("name", f.name);
      o.Set("hook", f.hook);
      o.Set("ok", f.ok);
      o.Set("lost", f.lost);
      o.Set("why", f.trouble.why);
      o.Set("code", f.trouble.number ? Napi::Value(Napi::String::New(env, errno_name(f.trouble.number))) : env.Undefined());
      o.Set("onBase", f.on_base);
      o.Set("detached", f.detached);
      out.Set(i++, o);
    }
    return out;
  }

  Napi::Value stats(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    if (busy(env)) return env.Undefined();
    spy::Stats s = session_.stats();
    auto column = [&](uint64_t spy::KindStats::*field) {
      Napi::Float64Array values = Napi::Float64Array::New(env, SPY_KIND_MAX);
      for (uint32_t i = 0; i < SPY_KIND_MAX; i++) values[i] = static_cast<double>(s.kinds[i].*field);
      return values;
    };
    Napi::Object o = Napi::Object::New(env);
    o.Set("produced", column(&spy::KindStats::produced));
    o.Set("dropped", column(&spy::KindStats::dropped));
    o.Set("throttled", column(&spy::KindStats::throttled));
    o.Set("delivered", column(&spy::KindStats::delivered));
    o.Set("malformed", static_cast<double>(s.malformed));
    o.Set("missedRuns", static_cast<double>(s.missed_runs));
    o.Set("ringUsed", static_cast<double>(s.ring_used));
    o.Set("ringBytes", static_cast<double>(s.ring_bytes));
    return o;
  }

  Napi::Value close(const Napi::CallbackInfo& info) {
    abandoned_ = true;
    if (!work_) session_.close();
    return info.Env().Undefined();
  }

  spy::Session session_;
  spy::Options options_;
  spy::Error error_;
  napi_async_work work_ = nullptr;  // set while the session starts
  napi_deferred deferred_ = nullptr;
  std::atomic<bool> abandoned_ = false;  // closed while it started
};

Napi::Value signal_process(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (info.Length() != 3 || !info[0].IsNumber() || !info[1].IsNumber() || !info[2].IsNumber()) {
    Napi::TypeError::New(env, "signalProcess(pid: number, startNs: number, signal: number)").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  int32_t pid = info[0].As<Napi::Number>().Int32Value();
  double start = info[1].As<Napi::Number>().DoubleValue();
  if (pid <= 0 || !(start >= 0)) {
    Napi::RangeError::New(env, "signalProcess: pid from 1, startNs from 0").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  int error = spy::signal_process(pid, static_cast<uint64_t>(start), info[2].As<Napi::Number>().Int32Value());
  return error ? Napi::Value(Napi::String::New(env, errno_name(error))) : env.Undefined();
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("Session", SessionWrap::define(env));
  exports.Set("signalProcess", Napi::Function::New(env, signal_process, "signalProcess"));
  return exports;
}

}  // namespace

NODE_API_MODULE(spydertop, init)
