from openai import OpenAI


def hello(url: str) -> str:
    client = OpenAI(base_url=url, api_key="none")
    said = [{"role": "system", "content": "Help."}, {"role": "user", "content": "hi"}]
    return client.chat.completions.create(model="scripted", messages=said).choices[0].message.content
